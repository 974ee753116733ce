// The page in Shopify's admin: it asks us for its content with a token of Shopify's, and again after each act.
"use strict";

const view = document.getElementById("view");
const AGAIN_AFTER = 4000;
let timer = 0;

async function ask(path, body, retried) {
  const token = await window.shopify.idToken();
  const headers = { Authorization: `Bearer ${token}`, Accept: "text/html, application/json" };
  if (typeof body === "string") headers["Content-Type"] = "application/json";
  const answer = await fetch(path, { method: body === undefined ? "GET" : "POST", headers, body });
  // A token lives for a minute; one that ended on its way is asked for anew, once.
  if (answer.status === 401 && !retried) return ask(path, body, true);
  return answer;
}

// Do something and show what there is then. True when it could be done.
async function show(path = "/shopify/view", body) {
  clearTimeout(timer);
  view.setAttribute("aria-busy", "true");
  try {
    const answer = await ask(path, body);
    if (!answer.ok) {
      const problem = await answer.json().catch(() => ({}));
      say(problem.errors?.[0]?.detail ?? problem.detail ?? `FulfilHub answered ${answer.status}.`, body !== undefined);
      return false;
    }
    if (answer.headers.get("Content-Type")?.startsWith("text/html")) {
      view.innerHTML = await answer.text();
      const told = view.querySelector("[data-told]");
      if (told) window.shopify.toast?.show(told.dataset.told);
      if (view.querySelector("[data-busy]")) timer = setTimeout(() => show(), AGAIN_AFTER);
    }
    return true;
  } catch {
    say("FulfilHub did not answer. Check your connection.", body !== undefined);
    return false;
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

const random = () => btoa(String.fromCharCode(...crypto.getRandomValues(new Uint8Array(32))))
  .replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");

// The merchant approves on our own page, with PKCE (RFC 7636), and comes back to this one with a code.
async function approve(address) {
  const [state, verifier] = [random(), random()];
  sessionStorage.setItem("connecting", JSON.stringify({ state, verifier }));
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(verifier)));
  const challenge = btoa(String.fromCharCode(...digest)).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
  const to = new URL(address);
  to.searchParams.set("return_url", view.dataset.here);
  to.searchParams.set("state", state);
  to.searchParams.set("code_challenge", challenge);
  open(to.href, "_top");
}

async function connect(code, verifier) {
  const body = verifier ? { code, code_verifier: verifier } : { code };
  if (await show("/shopify/connect", JSON.stringify(body))) await show();
}

view.addEventListener("click", (event) => {
  const button = event.target.closest("[data-do]");
  if (!button || view.hasAttribute("aria-busy")) return;
  const act = button.dataset.do;
  const form = new URLSearchParams();
  for (const [name, value] of Object.entries(button.dataset)) if (name !== "do") form.set(name, value);
  for (const field of button.closest("[data-fields]")?.querySelectorAll("[name]") ?? [])
    form.append(field.getAttribute("name"), field.value ?? "");
  if (act === "reload") show();
  else if (act === "approve") approve(button.dataset.address);
  else if (act === "code") connect((form.get("code") ?? "").trim());
  else show(`/shopify/${act}`, form);
});

(async () => {
  // A code is used only where this very tab asked for it: anybody can make an address with a code in it.
  const came = new URLSearchParams(location.search);
  const begun = JSON.parse(sessionStorage.getItem("connecting") ?? "null");
  sessionStorage.removeItem("connecting");
  // Where Shopify's leave has lapsed or grown, this renews it; without it the page says what is the matter.
  await ask("/shopify/session", "").catch(() => undefined);
  await show();
  if (begun && came.get("state") === begun.state) {
    if (came.get("code")) await connect(came.get("code"), begun.verifier);
    else window.shopify.toast?.show("The shop was not connected: nobody approved it.");
  }
})();
