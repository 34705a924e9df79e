// Shared by every widget: put in front of its own file by panel.py.
// Text from prompts and services reaches the page as textContent only.

/** An element. `on*` are listeners, `class`, `dataset` and booleans do what they say. */
function el(tag, attrs = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attrs)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (name === "class") node.className = value;
    else if (name === "dataset") Object.assign(node.dataset, value);
    else if (name === "value") node.value = value;
    else node.setAttribute(name, value === true ? "" : String(value));
  }
  node.append(...children.filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

/** Change the text only where it differs, so that a screen reader is not told it all again. */
function say(node, text) {
  if (node.textContent !== text) node.textContent = text;
  return node;
}

/** The root of a widget: keeps JupyterLab's shortcuts out while it has the focus, shows problems. */
function shell(model, host, name, { keys = false, label = null } = {}) {
  const problem = el("div", { class: "pg-problem", role: "alert", hidden: true });
  const root = el("div", {
    class: `pg pg-${name}`,
    "data-lm-suppress-shortcuts": "true",
    tabindex: keys ? "0" : null,
    role: "group",
    "aria-label": label,
  }, problem);
  const showProblem = () => {
    const text = model.get("problem");
    problem.hidden = !text;
    say(problem, text || "");
  };
  // Lab hears keys on the document: what is typed here must not insert a cell there.
  root.addEventListener("keydown", (event) => event.stopPropagation());
  const off = listen(model, { "change:problem": showProblem });
  showProblem();
  host.append(root);
  return { root, off };
}

/** Subscribe to several events; the result takes all of them off again. */
function listen(model, handlers) {
  const all = Object.entries(handlers);
  for (const [name, handler] of all) model.on(name, handler);
  return () => all.forEach(([name, handler]) => model.off(name, handler));
}

/** Copy text; works without the clipboard permission too. Resolves to whether it was copied. */
async function copyText(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const area = el("textarea", { value: text, style: "position:fixed;opacity:0" });
    document.body.append(area);
    const before = document.activeElement;
    area.select();
    const copied = document.execCommand("copy");
    area.remove();
    before?.focus?.();
    return copied;
  }
}

/** A button that copies and says so. */
function copyButton(text, { label = "Copy", name = null } = {}) {
  const button = el("button", { type: "button", class: "pg-button", "aria-label": name }, label);
  let timer;
  button.addEventListener("click", async () => {
    const copied = await copyText(await text());
    say(button, copied ? "Copied" : "Not copied");
    button.classList.toggle("pg-done", copied);
    clearTimeout(timer);
    timer = setTimeout(() => { say(button, label); button.classList.remove("pg-done"); }, 1600);
    button.dispatchEvent(new CustomEvent("pg-copied", { bubbles: true, detail: copied }));
  });
  return button;
}

/** Ask Python for something and wait for the answer: `{content, buffers}`. */
function asker(model) {
  const waiting = new Map();
  let last = 0;
  const off = listen(model, {
    "msg:custom": (content, buffers) => {
      if (content?.kind !== "reply" || !waiting.has(content.id)) return;
      waiting.get(content.id)({ content, buffers: buffers ?? [] });
      waiting.delete(content.id);
    },
  });
  const ask = (kind, body = {}) => new Promise((resolve) => {
    const id = ++last;
    waiting.set(id, resolve);
    model.send({ kind, id, ...body });
  });
  return { ask, off };
}
