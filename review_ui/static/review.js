// Keys, and answers without a page load. Every page works without this file: it only presses the page's own
// buttons and links, and shows the part of the next page that the server sends for it.

const policy = globalThis.trustedTypes?.createPolicy("review", { createHTML: (html) => html });
const main = document.getElementById("main");
const status = document.getElementById("status");
const help = document.getElementById("keys");
const WRITING = "input:not([type=radio], [type=checkbox]), textarea, select, [contenteditable]";
let busy = false;

function parse(html) {
  return new DOMParser().parseFromString(policy ? policy.createHTML(html) : html, "text/html");
}

function show(html, url, { push = true, keepPlace = false } = {}) {
  const next = parse(html).getElementById("swap");
  const old = document.getElementById("swap");
  if (!next || !old) return location.assign(url);
  const focused = keepPlace ? document.activeElement?.id : "";
  const place = [scrollX, scrollY];
  old.replaceWith(document.adoptNode(next));
  if (push) history.pushState({ swapped: true }, "", url);
  document.title = next.dataset.title ?? document.title;
  if (keepPlace) {
    scrollTo(...place);
    document.getElementById(focused)?.focus({ preventScroll: true });
  } else {
    scrollTo(0, 0);
    document.getElementById("asked")?.focus({ preventScroll: true });
  }
  status.textContent = [...next.querySelectorAll("[data-announce], .fault, .steps span")]
    .map((part) => part.textContent.trim()).join(" ");
}

async function ask(url, options, showing) {
  if (busy) return;
  busy = true;
  main.setAttribute("aria-busy", "true");
  try {
    const answer = await fetch(url, {
      ...options, credentials: "same-origin", redirect: "follow",
      headers: { ...options.headers, "X-Losi-Fragment": "question" },
    });
    const place = answer.headers.get("X-Losi-Location");
    if (answer.status === 204 && place) return location.assign(place);
    const sent = await answer.text();
    if (!sent.includes('id="swap"')) {
      if (options.method !== "POST") return location.assign(url);
      return fail();
    }
    show(sent, place ?? (options.method === "POST" ? location.href : url), showing);
  } catch {
    fail();
  } finally {
    busy = false;
    main.removeAttribute("aria-busy");
  }
}

// What was written stays on the page; the message is seen and heard.
function fail() {
  status.textContent = status.dataset.offline;
  status.classList.remove("visually-hidden");
}

function isPlain(event) {
  return event.button === 0 && !(event.metaKey || event.ctrlKey || event.shiftKey || event.altKey);
}

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!form.matches("[data-send]")) return;
  event.preventDefault();
  status.classList.add("visually-hidden");
  const body = new URLSearchParams(new FormData(form, event.submitter));
  ask(form.action, { method: "POST", body });
});

document.addEventListener("click", (event) => {
  const link = event.target.closest?.("a[data-swap], a[data-help]");
  if (!link || !isPlain(event)) return;
  if (link.matches("[data-help]")) {
    event.preventDefault();
    help.showModal();
    return;
  }
  event.preventDefault();
  if (link.closest(".cards, .viewer")) keepNote(link);
  else ask(link.href, {}, {});
});

// Looking at another piece of evidence must not lose a note half written.
async function keepNote(link) {
  const note = document.getElementById("note")?.value;
  const isFar = link.matches("[data-card]") && !matchMedia("(min-width: 75rem)").matches;
  await ask(link.href, {}, { keepPlace: true });
  if (isFar) document.getElementById("viewer")?.scrollIntoView();
  const field = document.getElementById("note");
  if (field && note !== undefined && note !== field.value) {
    field.value = note;
    field.closest("details").open = true;
  }
}

addEventListener("popstate", () => ask(location.href, {}, { push: false }));

function press(selector) {
  const target = document.querySelector(selector);
  target?.click();
  return Boolean(target);
}

function card(step) {
  const cards = [...document.querySelectorAll("a[data-card]")];
  const next = cards[cards.findIndex((link) => link.hasAttribute("aria-current")) + step];
  if (!next) return false;
  next.focus();
  next.click();
  next.closest("li").scrollIntoView({ block: "nearest" });
  return true;
}

function write() {
  const note = document.getElementById("note");
  if (!note) return false;
  note.closest("details").open = true;
  note.focus();
  return true;
}

const KEYS = {
  Digit1: () => press('[data-key="1"]'), Numpad1: () => press('[data-key="1"]'),
  Digit0: () => press('[data-key="0"]'), Numpad0: () => press('[data-key="0"]'),
  Digit2: () => press('[data-key="2"]'), Numpad2: () => press('[data-key="2"]'),
  KeyJ: () => card(1), KeyK: () => card(-1),
  BracketLeft: () => press("#swap a[rel=prev]"), BracketRight: () => press("#swap a[rel=next]"),
  KeyN: write, KeyU: () => press("#undo button"),
  KeyH: () => { help.showModal(); return true; },
};

document.addEventListener("keydown", (event) => {
  if (document.body.dataset.keys !== "on" || help.open || event.repeat || event.isComposing) return;
  if (event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return;
  if (event.target.closest?.(WRITING)) {
    if (event.code === "Escape") event.target.blur();
    return;
  }
  if (KEYS[event.code]?.()) event.preventDefault();
});
