// Search and the choice between dark and light. The page is complete without it.
"use strict";

const theme = document.getElementById("theme");
const remembered = localStorage.getItem("theme");
if (remembered) document.documentElement.dataset.theme = remembered;
theme.hidden = false;
theme.addEventListener("click", () => {
  const root = document.documentElement;
  const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  root.dataset.theme = dark ? "light" : "dark";
  localStorage.setItem("theme", root.dataset.theme);
});

const search = document.getElementById("search");
search.closest("label").hidden = false;
// What an operation leads to is found at its own place.
const told = (element) => {
  const copy = element.cloneNode(true);
  for (const each of copy.querySelectorAll(".leads")) each.remove();
  return copy.textContent.toLowerCase();
};
const operations = [...document.querySelectorAll(".operation")].map((element) => ({
  element,
  link: document.querySelector(`[data-for="${CSS.escape(element.id)}"]`),
  text: told(element),
}));
const others = document.querySelectorAll("#problems, #schemas");
const groups = document.querySelectorAll(".group, .tag");
search.addEventListener("input", () => {
  const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
  let found = 0;
  for (const { element, link, text } of operations) {
    const shown = words.every((word) => text.includes(word));
    element.hidden = link.hidden = !shown;
    found += shown;
  }
  for (const element of others) element.hidden = words.length > 0;
  for (const group of groups) {
    const items = [...group.querySelectorAll(".operation, [data-for]")];
    if (items.length) group.hidden = items.every((item) => item.hidden);
  }
  document.getElementById("nothing").hidden = found > 0;
});
