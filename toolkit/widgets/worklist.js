// Two small tables for clips that are made by hand: what to paste where, and which file is which.

function renderWorklist({ model, el: host }) {
  const { root, off } = shell(model, host, "worklist", { label: "Worklist" });
  const { ask, off: offAsk } = asker(model);
  const list = el("ol", { class: "pg-work", tabindex: "0", "aria-label": "Clips to make" });
  const more = el("button", { type: "button", class: "pg-button", hidden: true, onclick: () => next() }, "Show more");
  root.append(
    el("div", { class: "pg-row pg-head" }, el("h3", {}, "Worklist"), el("span", { class: "pg-soft" }, model.get("view").count ?? "")),
    list, more,
  );

  function item(row) {
    const prompt = copyButton(() => row.prompt, { label: "Copy prompt", name: `Copy the prompt of ${row.file}` });
    const name = copyButton(() => row.file, { label: "Copy name", name: `Copy the name ${row.file}` });
    const node = el("li", {},
      el("div", { class: "pg-row" }, el("b", {}, row.model), el("span", { class: "pg-soft" }, row.settings)),
      el("p", { class: "pg-prompt", dir: "auto" }, row.prompt),
      row.negative ? el("p", { class: "pg-small pg-soft" }, `negative: ${row.negative}`) : null,
      el("div", { class: "pg-row" }, prompt, el("span", { class: "pg-soft" }, "save as"), el("code", {}, row.file), name));
    prompt.addEventListener("pg-copied", (event) => { if (event.detail) node.classList.add("pg-copied"); });
    return node;
  }

  async function next() {
    more.disabled = true;
    const { content } = await ask("rows", { from: list.children.length });
    list.append(...content.rows.map(item));
    more.disabled = false;
    more.hidden = content.left === 0;
    say(more, `Show more (${content.left} left)`);
  }
  next();
  return () => { off(); offAsk(); };
}

function renderAssign({ model, el: host }) {
  const { root, off } = shell(model, host, "assign", { label: "Clips to assign" });
  const { ask, off: offAsk } = asker(model);
  const urls = [];
  const status = el("span", { class: "pg-soft", role: "status" });
  const cards = el("ul", { class: "pg-cards" });
  const chosen = {};
  let cells = [];
  const go = el("button", { type: "button", class: "pg-button pg-main", onclick: () => {
    go.disabled = true;
    model.send({ kind: "assign", chosen });
  } }, "Import");
  const done = el("p", { class: "pg-said", role: "status" });
  root.append(el("div", { class: "pg-row pg-head" }, el("h3", {}, "Which clip is which?"), status), cards, el("div", { class: "pg-row" }, go, done));

  const count = () => {
    const n = Object.values(chosen).filter(Boolean).length;
    const view = model.get("view");
    const twice = Object.values(chosen).filter((id, i, all) => id && all.indexOf(id) !== i);
    say(go, n === 1 ? "Import 1 clip" : `Import ${n} clips`);
    go.disabled = n === 0 || twice.length > 0;
    go.hidden = !(view.files ?? []).length;
    say(status, twice.length ? "two clips are given the same place" : (view.status ?? ""));
  };

  const paint = async () => {
    const view = model.get("view");
    cells = (await ask("cells")).content.cells;
    for (const name of Object.keys(chosen)) if (!(view.files ?? []).some((file) => file.name === name)) delete chosen[name];
    cards.replaceChildren(...(view.files ?? []).map((file) => {
      const picture = el("img", { alt: `A picture of ${file.name}` });
      const note = el("span", { class: "pg-soft pg-small" }, "…");
      ask("thumb", { file: file.id }).then(({ content, buffers }) => {
        if (buffers.length) {
          const url = URL.createObjectURL(new Blob([buffers[0]], { type: "image/jpeg" }));
          urls.push(url);
          picture.src = url;
          note.remove();
        } else say(note, content.problem ?? "no picture");
      });
      const select = el("select", { "aria-label": `What ${file.name} is`, onchange: () => { chosen[file.name] = select.value; count(); } },
        el("option", { value: "" }, "leave it out"),
        ...cells.map((cell) => el("option", { value: cell.id }, cell.label)));
      select.value = chosen[file.name] ?? "";
      return el("li", {}, el("div", { class: "pg-thumb" }, picture, note), el("code", {}, file.name), select);
    }));
    say(done, view.done ?? "");
    count();
  };
  const offView = listen(model, { "change:view": paint, "change:problem": () => { if (model.get("problem")) count(); } });
  paint();
  return () => { urls.forEach((url) => URL.revokeObjectURL(url)); off(); offAsk(); offView(); };
}

export default {
  render: (context) => (context.model.get("view").kind === "assign" ? renderAssign : renderWorklist)(context),
};
