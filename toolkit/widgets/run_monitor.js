// The live view of a batch. Python counts; here it is drawn.

function renderMonitor({ model, el: host }) {
  const { root, off } = shell(model, host, "monitor", { label: "Progress of the batch" });
  const title = el("h3");
  const status = el("span", { class: "pg-soft" });
  const stop = el("button", { type: "button", class: "pg-button", onclick: () => model.send({ kind: "stop" }) }, "Stop");
  const bar = el("div", { class: "pg-bar", role: "progressbar", "aria-valuemin": "0" });
  const legend = el("ul", { class: "pg-legend", "aria-label": "Runs by state" });
  const money = el("div", { class: "pg-money" });
  const moneyText = el("span");
  const moneyBar = el("div", { class: "pg-cap", "aria-hidden": "true" });
  const spent = el("i", { class: "pg-spent" });
  const held = el("i", { class: "pg-held" });
  moneyBar.append(spent, held);
  money.append(moneyText, moneyBar);
  const trouble = el("p", { class: "pg-trouble", role: "status" });
  root.append(
    el("div", { class: "pg-row pg-head" }, title, el("span", { class: "pg-grow" }), status, stop),
    bar, legend, money, trouble,
  );

  const paint = () => {
    const view = model.get("view");
    say(title, view.title ?? "");
    say(status, view.status ?? "");
    stop.hidden = !view.stop;
    stop.disabled = view.stop?.off ?? true;
    say(stop, view.stop?.label ?? "Stop");
    stop.title = view.stop?.hint ?? "";
    bar.setAttribute("aria-valuemax", view.total ?? 0);
    bar.setAttribute("aria-valuenow", view.settled ?? 0);
    bar.setAttribute("aria-valuetext", view.status ?? "");
    const states = view.states ?? [];
    fill(bar, states, (state) => el("i", { class: `pg-tone-${state.tone}` }), (node, state) => {
      node.style.flexGrow = state.count;
      node.title = `${state.count} ${state.word}`;
    });
    fill(legend, states, (state) => el("li", {},
      el("span", { class: `pg-glyph pg-tone-${state.tone}`, "aria-hidden": "true" }, state.glyph),
      el("b"), el("span", {}, state.word)), (node, state) => {
      node.title = state.hint;
      say(node.children[1], String(state.count));
    });
    money.hidden = !view.money;
    say(moneyText, view.money?.text ?? "");
    moneyBar.hidden = view.money?.spent === undefined;
    spent.style.width = `${100 * (view.money?.spent ?? 0)}%`;
    held.style.width = `${100 * (view.money?.held ?? 0)}%`;
    moneyBar.classList.toggle("pg-near", Boolean(view.money?.near));
    trouble.hidden = !view.trouble;
    say(trouble, view.trouble ?? "");
    root.classList.toggle("pg-over", !view.running);
  };

  /** One child for each state, kept from one paint to the next so that the bar moves smoothly. */
  function fill(parent, states, make, update) {
    const old = new Map([...parent.children].map((node) => [node.dataset.state, node]));
    const nodes = states.map((state) => {
      const node = old.get(state.name) ?? make(state);
      node.dataset.state = state.name;
      update(node, state);
      return node;
    });
    if (nodes.length !== parent.children.length || nodes.some((node, i) => parent.children[i] !== node)) {
      parent.replaceChildren(...nodes);
    }
  }

  const offView = listen(model, { "change:view": paint });
  paint();
  return () => { off(); offView(); };
}

export default { render: renderMonitor };
