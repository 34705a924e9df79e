// Words to go on with, in a list under a text field. Which words, Python decides; the list is
// opened by typing, or by Ctrl+Space, and is walked with the arrow keys.

const WAIT_MS = 90;
const LEAST = 2;  // letters before the list opens by itself

/** `ask(before)` resolves to `{words, start}`: put a word in place of `before` from `start` on. */
function suggest(area, ask) {
  const id = `pg-list-${Math.random().toString(36).slice(2, 9)}`;
  const list = el("ul", { class: "pg-words", role: "listbox", id, hidden: true, "aria-label": "Words to go on with" });
  const box = el("div", { class: "pg-suggest" });
  area.before(box);
  box.append(area, list);
  for (const [name, value] of Object.entries({ role: "combobox", "aria-autocomplete": "list", "aria-expanded": "false",
    "aria-controls": id, autocomplete: "off" })) area.setAttribute(name, value);
  let timer, turn = 0, active = -1, start = 0, before = "";

  const line = () => {
    const text = area.value.slice(0, area.selectionStart);
    return text.slice(text.lastIndexOf("\n") + 1);
  };
  const close = () => {
    clearTimeout(timer);
    turn += 1;
    active = -1;
    list.hidden = true;
    area.setAttribute("aria-expanded", "false");
    area.removeAttribute("aria-activedescendant");
  };
  const pick = (at) => {
    const options = list.children;
    active = (at + options.length) % options.length;
    [...options].forEach((option, n) => option.setAttribute("aria-selected", String(n === active)));
    options[active].scrollIntoView({ block: "nearest" });
    area.setAttribute("aria-activedescendant", options[active].id);
  };
  const take = (word) => {
    const caret = area.selectionStart;
    const from = caret - (before.length - start);
    area.setRangeText(word, from, caret, "end");
    close();
    area.dispatchEvent(new Event("input", { bubbles: true }));
    close();  // the word is whole: no list for it
  };
  const open = async (forced) => {
    const mine = ++turn;
    const asked = line();
    const said = await ask(asked);
    if (mine !== turn || document.activeElement !== area || asked !== line()) return;
    if (!said.words?.length || (!forced && asked.slice(said.start).trim().length < LEAST)) { close(); return; }
    before = asked;
    start = said.start;
    active = -1;
    list.replaceChildren(...said.words.map((word, n) => el("li", { role: "option", id: `${id}-${n}`, "aria-selected": "false",
      onmousedown: (event) => { event.preventDefault(); take(word); } }, word)));
    list.hidden = false;
    area.setAttribute("aria-expanded", "true");
    if (forced) pick(0);
  };

  area.addEventListener("input", () => {
    close();
    if (line().trim().length >= LEAST) timer = setTimeout(() => open(false), WAIT_MS);
  });
  area.addEventListener("blur", close);
  area.addEventListener("keydown", (event) => {
    const { key } = event;
    const isCall = (key === " " && event.ctrlKey) || (key === "ArrowDown" && event.altKey);
    if (isCall) {
      clearTimeout(timer);  // the list that typing would have opened must not close this one
      open(true);
    }
    else if (list.hidden) return;
    else if (key === "ArrowDown") pick(active + 1);
    else if (key === "ArrowUp") pick(active < 0 ? -1 : active - 1);
    else if (key === "Escape") close();
    else if ((key === "Enter" || key === "Tab") && active >= 0) take(list.children[active].textContent);
    else return;
    event.preventDefault();
  });
}
