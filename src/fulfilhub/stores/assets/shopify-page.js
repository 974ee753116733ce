// The page in Shopify's admin: it asks us for its content with a token of Shopify's, and again after each act.
"use strict";

const view = document.getElementById("view");
const AGAIN_AFTER = 4000;
let timer = 0;

async function ask(path, body, retried) {
  const token = await window.shopify.idToken();
  const answer = await fetch(path, {
    method: body ? "POST" : "GET",
    headers: { Authorization: `Bearer ${token}`, Accept: "text/html" },
    body,
  });
  // A token lives for a minute; one that ended on its way is asked for anew, once.
  if (answer.status === 401 && !retried) return ask(path, body, true);
  return answer;
}

async function show(path = "/shopify/view", body) {
  clearTimeout(timer);
  view.setAttribute("aria-busy", "true");
  try {
    const answer = await ask(path, body);
    if (answer.ok) {
      view.innerHTML = await answer.text();
      const told = view.querySelector("[data-told]");
      if (told) window.shopify.toast?.show(told.dataset.told);
      if (view.querySelector("[data-busy]")) timer = setTimeout(() => show(), AGAIN_AFTER);
    } else {
      const problem = await answer.json().catch(() => ({}));
      say(problem.errors?.[0]?.detail ?? problem.detail ?? `FulfilHub answered ${answer.status}.`, Boolean(body));
    }
  } catch {
    say("FulfilHub did not answer. Check your connection.", Boolean(body));
  } finally {
    view.removeAttribute("aria-busy");
  }
}

// What an act could not do is said beside the page; a page that could not be loaded is replaced by its reason.
function say(why, beside) {
  if (beside && window.shopify.toast) return window.shopify.toast.show(why, { isError: true, duration: 8000 });
  const trouble = document.getElementById("trouble").content.cloneNode(true);
  trouble.querySelector(".why").textContent = why;
  view.replaceChildren(trouble);
}

view.addEventListener("click", (event) => {
  const button = event.target.closest("[data-do]");
  if (!button || view.getAttribute("aria-busy")) return;
  const act = button.dataset.do;
  if (act === "reload") return show();
  const form = new FormData();
  for (const [name, value] of Object.entries(button.dataset)) if (name !== "do") form.set(name, value);
  const group = button.closest("[data-fields]");
  if (group) for (const field of group.querySelectorAll("[name]")) form.append(field.getAttribute("name"), field.value ?? "");
  show(`/shopify/${act}`, new URLSearchParams(form));
});

show();
