// The grid builder. The person's entries travel as the trait `form`; all that is computed from
// them (counts, prices, reasons, code) comes back in `view`. Nothing is decided here.

const PARTS = [
  ["subject", "Subject", "who or what: a courier in a yellow raincoat pushing a bicycle"],
  ["action", "Action", "what happens: rain runs off the coat as she walks"],
  ["environment", "Environment", "where, light, time: a narrow market street at dusk, neon on wet stone"],
  ["camera", "Camera", "static wide shot\nslow push in"],
  ["mood", "Mood", "quiet documentary, muted teal and amber"],
  ["negative", "Negative", "what to leave out, where the model takes it"],
];
const OPTIONAL = new Set(["action", "negative"]);
const PAUSE_MS = 50;
const BESIDE_MS = 250;  // after the last change, for what is not needed at each key
const MARKS = { error: "✕", warning: "▲", info: "i" };

function renderBuilder({ model, el: host }) {
  const { root, off } = shell(model, host, "builder", { label: "Grid builder" });
  const { ask: askPython, off: offAsk } = asker(model);
  let form = structuredClone(model.get("form"));
  let filter = "";
  let showAll = false;
  let timer;

  const commit = () => {
    clearTimeout(timer);
    timer = undefined;
    model.set("form", structuredClone(form));
    model.save_changes();
  };
  const edited = () => { clearTimeout(timer); timer = setTimeout(commit, PAUSE_MS); };
  const tell = (kind, body = {}) => {
    if (timer !== undefined) commit();
    model.send({ kind, form, ...body });  // the trait may arrive later than this message
  };

  // ---- the frame ------------------------------------------------------------------------------
  const ask = el("div", { class: "pg-ask", role: "alertdialog", hidden: true });
  const prompts = el("div", { class: "pg-prompts" });
  const addPrompt = el("button", { type: "button", class: "pg-button pg-quiet", onclick: () => {
    form.prompts.push({ name: "", scene: "", typed: null, parts: {} });
    commit();
    drawPrompts();
    prompts.lastElementChild.querySelector("textarea").focus();
  } }, "+ Another prompt");
  const preset = el("select", { "aria-label": "Preset", class: "pg-preset" }, el("option", { value: "" }, "Begin with a preset"),
    ...(model.get("presets") ?? []).map((one) => el("option", { value: one.name }, `${one.title}: ${one.good_for}`)));
  const loadPreset = el("button", { type: "button", class: "pg-button", "aria-label": "Load the preset", onclick: () => {
    if (preset.value) tell("preset", { name: preset.value });
  } }, "Load");
  const table = el("textarea", { rows: 3, class: "pg-table", "aria-label": "Rows of a spreadsheet",
    placeholder: "subject\tenvironment\tcamera\tmood\none row a prompt, copied from a spreadsheet" });
  const tableBox = el("div", { class: "pg-card", hidden: true }, table,
    el("div", { class: "pg-row pg-cardhead" },
      el("span", { class: "pg-soft pg-small pg-grow" }, "Four columns are subject, environment, camera, mood; a first row may name them. One column is sent as typed."),
      el("button", { type: "button", class: "pg-button pg-main", onclick: () => { tell("table", { text: table.value }); table.value = ""; openTable(false); } }, "Add as prompts"),
      el("button", { type: "button", class: "pg-button", onclick: () => openTable(false) }, "Cancel")));
  const pasteTable = el("button", { type: "button", class: "pg-button pg-quiet", "aria-expanded": "false", onclick: () => openTable(tableBox.hidden) }, "Paste a table");
  function openTable(open) {
    tableBox.hidden = !open;
    pasteTable.setAttribute("aria-expanded", String(open));
    (open ? table : pasteTable).focus();
  }
  prompts.addEventListener("paste", (event) => {  // rows copied in a spreadsheet, whatever the field
    const text = event.clipboardData?.getData("text/plain") ?? "";
    if (!text.trim().includes("\t")) return;
    event.preventDefault();
    tell("table", { text });
  });

  const find = el("input", { type: "text", placeholder: "Find a model", "aria-label": "Find a model",
    oninput: () => { filter = find.value.trim().toLowerCase(); paintModels(); } });
  const models = el("div", { class: "pg-models", role: "group", "aria-label": "Models" });
  const chosen = el("span", { class: "pg-soft pg-small" });
  const all = el("button", { type: "button", class: "pg-button pg-quiet", onclick: () => { showAll = !showAll; paintModels(); } });

  const rules = el("div", { class: "pg-rules" });
  const addRule = el("button", { type: "button", class: "pg-button pg-quiet", onclick: () => {
    form.exclude = [...(form.exclude ?? []), ""];
    drawRules();
    rules.lastElementChild.querySelector("input").focus();
  } }, "+ Leave cells out");
  const leftOut = el("ul", { class: "pg-notes pg-leftout", "aria-label": "Cells that are left out, and why" });
  const designs = el("div", { class: "pg-designs", role: "radiogroup", "aria-label": "Design" });
  const designTitle = el("summary", {}, "Design");
  const unsure = el("p", { class: "pg-soft pg-small", hidden: true }, "With so few scenes no design could be sure of a difference; more scenes help more than samples.");
  const designError = el("div", { class: "pg-error", hidden: true });
  const designBox = el("details", { class: "pg-designbox", ontoggle: () => { if (designBox.open) beside(0); } }, designTitle, designs, unsure, designError);
  const settings = el("div", { class: "pg-settings" });
  const more = el("details", { class: "pg-more" }, el("summary", {}, "More settings"));
  const moreSettings = el("div", { class: "pg-settings" });
  more.append(moreSettings);
  const samples = el("input", { type: "text", inputmode: "numeric", oninput: () => { form.samples = samples.value; edited(); } });
  const samplesError = el("div", { class: "pg-error", hidden: true });
  const samplesField = field("Samples", "how often each cell", samples, samplesError);

  const findings = el("ul", { class: "pg-findings" });
  const heed = el("button", { type: "button", class: "pg-button pg-quiet", onclick: () => tell("heed") });
  const lintSummary = el("span", { class: "pg-soft pg-small", role: "status" });
  const lintBox = el("section", { class: "pg-lint", tabindex: "-1", "aria-label": "What may spoil a clip" },
    el("div", { class: "pg-row pg-title" }, el("h3", {}, "What may spoil a clip"), lintSummary, el("span", { class: "pg-grow" }), heed),
    findings);
  const lintJump = el("button", { type: "button", class: "pg-button pg-quiet pg-lintjump", onclick: () => {
    lintBox.scrollIntoView({ block: "center" });
    (findings.querySelector("button") ?? lintBox).focus({ preventScroll: true });
  } });
  const undo = el("button", { type: "button", class: "pg-button pg-quiet", onclick: () => tell("undo") }, "Undo");

  const factors = el("div", { class: "pg-factors", role: "status" });
  const bill = el("div", { class: "pg-bill" });
  const notes = el("ul", { class: "pg-notes" });
  const run = el("button", { type: "button", class: "pg-button pg-main pg-run", onclick: () => tell("run") }, "Run");
  const pilot = el("button", { type: "button", class: "pg-button pg-pilot", onclick: () => {
    if (pilot.getAttribute("aria-disabled") !== "true") tell("pilot");
  } }, "Pilot");
  const dry = el("button", { type: "button", class: "pg-button pg-dry", title: "Renders and checks every cell; sends nothing",
    onclick: () => tell("dry_run") }, "Dry run · free");
  const looked = el("pre", { tabindex: "0", class: "pg-looked", "aria-label": "What the dry run found", hidden: true });
  const why = el("span", { class: "pg-soft pg-small pg-why" });
  const said = el("p", { class: "pg-small pg-said", role: "status" });
  const code = el("pre", { tabindex: "0", "aria-label": "The code that does the same" });
  const codeBox = el("details", { class: "pg-code" }, el("summary", {}, "Show code"),
    el("div", { class: "pg-codebody" }, code, copyButton(() => code.textContent, { label: "Copy code" })));
  const copyYaml = copyButton(async () => (await askPython("yaml", { form })).content.text, { label: "Copy YAML" });
  copyYaml.classList.add("pg-quiet");
  const yaml = el("textarea", { rows: 4, "aria-label": "Text of a GRID.yaml", placeholder: "prompts: …\nmodels: …" });
  const file = el("input", { type: "file", accept: ".yaml,.yml,text/yaml,text/plain", "aria-label": "Open a GRID.yaml", onchange: async () => {
    const [opened] = file.files;
    if (!opened) return;
    yaml.value = await opened.text();
    tell("load_yaml", { text: yaml.value, name: opened.name });
    file.value = "";
  } });
  const yamlBox = el("details", { class: "pg-yaml" }, el("summary", {}, "Load YAML"),
    yaml, el("div", { class: "pg-row" }, file, el("span", { class: "pg-grow" }),
      el("button", { type: "button", class: "pg-button", onclick: () => tell("load_yaml", { text: yaml.value }) }, "Load the text")));
  const texts = el("ol", { class: "pg-texts" });
  const textsTitle = el("summary", {}, "Prompts as sent");
  const textsBox = el("details", {}, textsTitle, texts);

  root.append(
    ask,
    el("section", { "aria-label": "Prompt" },
      el("div", { class: "pg-row pg-title" }, el("h3", {}, "Prompt"),
        el("span", { class: "pg-soft pg-small" }, "one wording a line: each line is an arm. Ctrl+Space: words"),
        el("span", { class: "pg-grow" }), pasteTable, addPrompt),
      el("div", { class: "pg-row pg-begin" }, preset, loadPreset),
      tableBox, prompts),
    el("div", { class: "pg-columns" },
      el("section", { "aria-label": "Models" },
        el("div", { class: "pg-row pg-title" }, el("h3", {}, "Models"), chosen, el("span", { class: "pg-grow" }), all),
        find, models),
      el("section", { "aria-label": "Settings" },
        el("div", { class: "pg-row pg-title" }, el("h3", {}, "Settings"),
          el("span", { class: "pg-soft pg-small" }, "several values, with commas, vary")),
        settings, more)),
    el("section", { "aria-label": "Which cells run" },
      el("div", { class: "pg-row pg-title" }, el("h3", {}, "Which cells run"),
        el("span", { class: "pg-soft pg-small" }, "such as: model = sim/final and duration_s = 9"), el("span", { class: "pg-grow" }), addRule),
      rules, leftOut, designBox),
    lintBox,
    el("section", { class: "pg-receipt", "aria-label": "Receipt" },
      el("div", { class: "pg-row" }, el("div", { class: "pg-grow" }, factors, bill),
        el("div", { class: "pg-acts pg-row" }, dry, pilot, run)),
      why,
      el("div", { class: "pg-row" }, said, undo, lintJump), notes, looked, el("div", { class: "pg-row pg-folds" }, codeBox, copyYaml, yamlBox, textsBox)),
  );
  settings.append(samplesField);

  function field(label, hint, input, ...below) {
    const id = `pg-${Math.random().toString(36).slice(2, 9)}`;
    input.id = id;
    return el("div", { class: "pg-field" },
      el("label", { for: id }, el("span", { class: "pg-name" }, label), " ", el("span", { class: "pg-soft pg-small" }, hint)),
      input, ...below);
  }

  // ---- prompts --------------------------------------------------------------------------------
  function grow(area) {
    area.rows = Math.max(area.value.split("\n").length, area.placeholder.split("\n").length, 1);
  }

  function partField(holder, place, [part, label, example]) {
    const area = el("textarea", { rows: 1, placeholder: example, spellcheck: "true", value: holder[part] ?? "",
      oninput: () => { holder[part] = area.value; grow(area); edited(); } });
    grow(area);
    const error = el("div", { class: "pg-error", hidden: true });
    const node = field(label, "", area, error);
    suggest(area, (before) => wordsFor(part, before));
    node.dataset.place = `${place}.${part}`;
    node.classList.add(`pg-part-${part}`);
    return node;
  }

  async function wordsFor(what, before) {
    return (await askPython("complete", { what, before })).content;
  }

  function promptCard(prompt, index) {
    const several = form.prompts.length > 1;
    const name = el("input", { type: "text", value: prompt.name ?? "", placeholder: `prompt ${index + 1}`,
      "aria-label": `Name of prompt ${index + 1}`, oninput: () => { prompt.name = name.value; edited(); } });
    const scene = el("input", { type: "text", value: prompt.scene ?? "", placeholder: "scene: the shot that is wanted",
      title: "Prompts of one scene are wordings of one shot and are compared with each other",
      "aria-label": `Scene of prompt ${index + 1}`, oninput: () => { prompt.scene = scene.value; edited(); } });
    const twin = el("button", { type: "button", class: "pg-button", title: "Copy this prompt into the same scene; change one part",
      onclick: () => {
        const label = prompt.scene || prompt.name || `scene ${index + 1}`;
        prompt.scene = label;
        form.prompts.splice(index + 1, 0, { ...structuredClone(prompt), name: "" });
        commit();
        drawPrompts();
        prompts.children[index + 1].querySelector("textarea").focus();
      } }, "Twin");
    const drop = el("button", { type: "button", class: "pg-button", "aria-label": `Remove prompt ${index + 1}`,
      onclick: () => {
        form.prompts.splice(index, 1);
        commit();
        drawPrompts();
        addPrompt.focus();
      } }, "Remove");
    const head = el("div", { class: "pg-row pg-cardhead" }, several && name, several && scene, twin, several && drop);
    if (prompt.typed !== null && prompt.typed !== undefined) {
      const area = el("textarea", { rows: 2, value: prompt.typed,
        oninput: () => { prompt.typed = area.value; grow(area); edited(); } });
      const error = el("div", { class: "pg-error", hidden: true });
      const node = field("Text", "sent exactly as typed", area, error);
      node.dataset.place = `${index}.typed`;
      grow(area);
      return el("div", { class: "pg-card" }, head, node);
    }
    const empty = [...OPTIONAL].filter((part) => !(prompt.parts[part] ?? "").length);
    const parts = el("div", { class: "pg-parts" });
    for (const row of PARTS) {
      if (empty.includes(row[0])) continue;
      parts.append(partField(prompt.parts, index, row));
    }
    for (const part of empty) {
      const row = PARTS.find(([name_]) => name_ === part);
      const add = el("button", { type: "button", class: "pg-button pg-quiet", onclick: () => {
        const node = partField(prompt.parts, index, row);
        const after = part === "action" ? parts.querySelector(".pg-part-subject") : parts.lastElementChild;
        after.after(node);
        add.remove();
        node.querySelector("textarea").focus();
      } }, `+ ${row[1]}`);
      head.append(add);
    }
    return el("div", { class: "pg-card" }, parts, head);
  }

  function drawPrompts() {
    const cards = form.prompts.map(promptCard);
    const shared = Object.keys(form.shared ?? {});
    if (shared.length) {
      const parts = el("div", { class: "pg-parts" });
      for (const row of PARTS) if (shared.includes(row[0])) parts.append(partField(form.shared, "shared", row));
      cards.push(el("div", { class: "pg-card" }, el("p", { class: "pg-name" }, "In every prompt"), parts));
    }
    prompts.replaceChildren(...cards);
    paint();
  }

  // ---- models ---------------------------------------------------------------------------------
  const rows = new Map();
  function paintModels() {
    const view = model.get("view");
    const list = view.models ?? [];
    for (const card of list) {
      let row = rows.get(card.model);
      if (!row) {
        const box = el("input", { type: "checkbox", onchange: () => {
          form.models = box.checked ? [...form.models, card.model] : form.models.filter((name) => name !== card.model);
          commit();
        } });
        row = { box, name: el("span", { class: "pg-model" }, card.model), title: el("span", { class: "pg-soft pg-small" }),
          price: el("span", { class: "pg-price" }), off: el("span", { class: "pg-off pg-small" }) };
        row.node = el("label", { class: "pg-modelrow" }, box,
          el("span", { class: "pg-who" }, row.name, " ", row.title), row.price, row.off);
        rows.set(card.model, row);
        models.append(row.node);
      }
      const picked = form.models.includes(card.model);
      row.box.checked = picked;
      row.box.disabled = Boolean(card.off) && !picked;
      say(row.title, card.title);
      say(row.price, card.price);
      say(row.off, card.off ?? card.note ?? "");
      row.node.classList.toggle("pg-is-off", Boolean(card.off));
      row.node.title = card.hint ?? "";
      row.node.hidden = !picked && (filter === "" ? !card.usable && !showAll
        : !`${card.model} ${card.title} ${card.hint}`.toLowerCase().includes(filter));
    }
    const usable = list.filter((card) => card.usable).length;
    all.hidden = usable === list.length;
    say(all, showAll ? `Show the ${usable} usable` : `Show all ${list.length}`);
    all.setAttribute("aria-pressed", String(showAll));
    find.hidden = list.length < 8;
    say(chosen, `${form.models.length} chosen of ${list.length}`);
  }

  // ---- settings -------------------------------------------------------------------------------
  const params = new Map();
  const values = (text) => text.split(",").map((value) => value.trim()).filter(Boolean);

  function paintSettings() {
    const view = model.get("view");
    for (const [name, param] of params) {
      if (!(view.params ?? []).some((now) => now.name === name)) { param.node.remove(); params.delete(name); }
    }
    for (const param of view.params ?? []) {
      let made = params.get(param.name);
      if (!made) {
        const input = el("input", { type: "text", value: form.params[param.name] ?? "",
          oninput: () => { form.params[param.name] = input.value; edited(); paintChips(param.name); } });
        made = { input, chips: el("div", { class: "pg-chips" }), error: el("div", { class: "pg-error", hidden: true }) };
        made.node = field(param.label, param.hint, input, made.chips, made.error);
        made.hint = made.node.querySelector(".pg-small");
        made.node.dataset.param = param.name;
        params.set(param.name, made);
      }
      const home = param.more ? moreSettings : settings;
      if (made.node.parentElement !== home) home === settings ? settings.insertBefore(made.node, samplesField) : home.append(made.node);
      say(made.hint, param.hint);
      made.input.placeholder = param.kept || param.empty || "";
      made.input.disabled = Boolean(param.kept);
      made.choices = param.choices ?? [];
      paintChips(param.name);
      showError(made, (view.errors ?? {})[`param.${param.name}`]);
    }
    showError({ input: samples, error: samplesError }, (view.errors ?? {}).samples);
    if ([...params.values()].some((made) => made.node.parentElement === moreSettings && made.input.value)) more.open = true;
  }

  function paintChips(name) {
    const made = params.get(name);
    const now = values(made.input.value);
    const key = JSON.stringify(made.choices);
    if (made.key !== key) {
      made.key = key;
      made.chips.replaceChildren(...made.choices.map((choice) => el("button", { type: "button", class: "pg-chip",
        dataset: { value: choice.text }, title: choice.off ?? "", onclick: () => {
          const before = values(made.input.value);
          const after = before.includes(choice.text) ? before.filter((v) => v !== choice.text) : [...before, choice.text];
          made.input.value = after.join(", ");
          form.params[name] = made.input.value;
          paintChips(name);
          commit();
        } }, choice.text)));
    }
    [...made.chips.children].forEach((chip, i) => {
      const pressed = now.includes(chip.dataset.value);
      chip.setAttribute("aria-pressed", String(pressed));
      chip.classList.toggle("pg-is-off", Boolean(made.choices[i].off));
    });
  }

  function showError({ input, error }, text) {
    error.hidden = !text;
    say(error, text ?? "");
    input.classList.toggle("pg-wrong", Boolean(text));
    input.setAttribute("aria-invalid", String(Boolean(text)));
  }

  // ---- which cells run ------------------------------------------------------------------------
  function drawRules() {
    rules.replaceChildren(...(form.exclude ?? []).map((text, index) => {
      const input = el("input", { type: "text", value: text, placeholder: "model = sim/final and duration_s = 9",
        "aria-label": `Left out ${index + 1}`, oninput: () => { form.exclude[index] = input.value; name(); edited(); } });
      const name = () => drop.setAttribute("aria-label", `Remove: ${input.value || "this line"}`);
      const drop = el("button", { type: "button", class: "pg-button", onclick: () => {
        form.exclude.splice(index, 1);
        commit();
        drawRules();
        addRule.focus();
      } }, "Remove");
      const error = el("div", { class: "pg-error", hidden: true });
      const row = el("div", { class: "pg-rule" }, el("div", { class: "pg-row" }, el("div", { class: "pg-grow" }, input), drop), error);
      row.dataset.place = `exclude.${index}`;
      name();
      suggest(input, (before) => wordsFor("exclude", before));
      return row;
    }));
    paintRules(model.get("view"));
  }

  function paintRules(view) {
    for (const row of rules.children) {
      showError({ input: row.querySelector("input"), error: row.querySelector(".pg-error") }, (view.errors ?? {})[row.dataset.place]);
    }
    const lines = (view.left_out ?? []).map((text) => el("li", { class: "pg-note-warn" }, text));
    if (view.more_left_out > 0) lines.push(el("li", { class: "pg-soft" }, `and ${view.more_left_out} reasons more`));
    leftOut.replaceChildren(...lines);
    designError.hidden = !view.errors?.design;
    say(designError, view.errors?.design ?? "");
  }

  const designRows = new Map();
  const kindOf = (text) => text.split("(")[0].toLowerCase();
  function choose(text) {
    form.design = text;
    paintDesign();
    commit();
  }

  function designRow(kind) {
    const box = el("input", { type: "radio", name: designName, onchange: () => { if (box.checked) choose(row.text); } });
    const row = { box, text: kind, clips: el("span", { class: "pg-price" }), cost: el("span", { class: "pg-price" }),
      finds: el("span", { class: "pg-soft pg-small" }), open: el("span", { class: "pg-off pg-small" }) };
    const label = el("span", { class: "pg-model" }, kind.replaceAll("_", " "));
    if (kind === "random") {
      row.k = el("input", { type: "text", inputmode: "numeric", class: "pg-k", "aria-label": "How many combinations are drawn", oninput: () => {
        const k = Number.parseInt(row.k.value, 10);
        if (!(k > 0)) return;
        const seed = /seed=(\d+)/.exec(row.text)?.[1] ?? 0;
        row.text = `Random(k=${k}, seed=${seed})`;
        choose(row.text);
      } });
      label.append(" of ", row.k);
    }
    row.node = el("label", { class: "pg-design", dataset: { kind } }, box, label, row.clips, row.cost, row.finds, row.open);
    return row;
  }

  const designName = `pg-design-${Math.random().toString(36).slice(2, 9)}`;
  function paintDesign(rows_) {
    for (const one of rows_ ?? []) {
      const kind = kindOf(one.text);
      let row = designRows.get(kind);
      if (!row) {
        row = designRow(kind);
        designRows.set(kind, row);
        designs.append(row.node);
      }
      row.text = one.text;
      row.box.disabled = Boolean(one.off);
      row.node.classList.toggle("pg-is-off", Boolean(one.off));
      say(row.clips, one.clips ?? "");
      say(row.cost, one.cost ?? "");
      say(row.finds, one.finds ? `could tell: ${one.finds}` : "");
      say(row.open, one.off ?? (one.open ? `leaves open: ${one.open}` : ""));
      if (row.k && document.activeElement !== row.k) row.k.value = /k=(\d+)/.exec(one.text)?.[1] ?? "";
    }
    if (rows_) unsure.hidden = rows_.some((one) => one.finds);
    const now = form.design ?? "full";
    for (const [kind, row] of designRows) row.box.checked = kind === kindOf(now);
    say(designTitle, `Design: ${now.replaceAll("_", " ")}`);
  }

  let besideTimer;
  function beside(wait = BESIDE_MS) {
    clearTimeout(besideTimer);
    pilot.setAttribute("aria-disabled", "true");
    besideTimer = setTimeout(async () => {
      const { content } = await askPython("beside", { designs: designBox.open });
      if (timer !== undefined) return;  // an edit is on its way, and another answer with it
      const said = content.pilot;
      pilot.setAttribute("aria-disabled", String(!said?.on));
      if (said) say(pilot, said.label);
      pilot.title = said?.why ?? "";
      if (content.designs) paintDesign(content.designs);
      if (content.problem) { designError.hidden = false; say(designError, content.problem); }
    }, wait);
  }

  // ---- the lint -------------------------------------------------------------------------------
  function goTo(place, words) {
    const area = prompts.querySelector(`[data-place="${place}"] textarea`);
    if (!area) return;
    area.focus();
    const at = words ? area.value.toLowerCase().indexOf(words.toLowerCase()) : -1;
    if (at >= 0) area.setSelectionRange(at, at + words.length);
  }

  function finding(row) {
    const mark = el("span", { class: "pg-mark" }, el("span", { "aria-hidden": "true" }, MARKS[row.severity]), ` ${row.severity}`);
    const where = row.where && (row.places.length
      ? el("button", { type: "button", class: "pg-button pg-quiet pg-where", title: "Show it in the prompt", onclick: () => goTo(row.places[0], row.words) }, row.where)
      : el("span", { class: "pg-where" }, row.where));
    return el("li", { class: `pg-finding pg-is-${row.severity}`, dataset: { code: row.code, id: row.id } }, mark,
      el("div", { class: "pg-grow" },
        el("p", {}, row.text), el("p", { class: "pg-soft pg-small" }, row.fix)),
      where,
      el("div", { class: "pg-row pg-acts" },
        row.button && el("button", { type: "button", class: "pg-button", onclick: () => act("fix", row) }, row.button),
        el("button", { type: "button", class: "pg-button pg-quiet", title: `Say no more of ${row.code} here`, onclick: () => act("ignore", row) }, row.ignore)));
  }

  function act(kind, row) {
    back = [...findings.children].findIndex((node) => node.dataset.id === row.id);
    tell(kind, { id: row.id });
  }

  let back = -1;  // the place in the list to which the focus returns after a quick fix
  function paintLint(lint) {
    const key = JSON.stringify(lint ?? null);
    lintBox.hidden = !lint || !(lint.rows.length || lint.ignored);
    lintJump.hidden = !lint?.summary;
    if (lintBox.dataset.key === key) return;
    lintBox.dataset.key = key;
    const held = findings.contains(document.activeElement) ? document.activeElement.closest("li")?.dataset.id : null;
    findings.replaceChildren(...(lint?.rows ?? []).map(finding),
      ...(lint?.more > 0 ? [el("li", { class: "pg-soft pg-small" }, `and ${lint.more} more`)] : []));
    say(lintSummary, lint?.summary || "nothing");
    say(lintJump, lint?.summary ? `${MARKS[lint.worst]} ${lint.summary}` : "");
    lintJump.dataset.worst = lint?.worst ?? "";
    say(heed, lint?.ignored ? `${lint.ignored} ignored: show again` : "");
    heed.hidden = !lint?.ignored;
    if (back >= 0 || held !== null) {
      const rows_ = [...findings.querySelectorAll(".pg-finding")];
      const row = rows_.find((node) => node.dataset.id === held) ?? rows_[Math.min(Math.max(back, 0), rows_.length - 1)];
      (row?.querySelector(".pg-acts button") ?? (lintBox.hidden ? run : lintBox)).focus({ preventScroll: true });
      back = -1;
    }
  }

  // ---- what Python says -------------------------------------------------------------------------
  function paint() {
    const view = model.get("view");
    paintRules(view);
    paintDesign();
    dry.disabled = !view.code;
    looked.hidden = !view.dry_run;
    say(looked, view.dry_run ?? "");
    copyYaml.hidden = !view.code;
    for (const node of prompts.querySelectorAll("[data-place]")) {
      const place = node.dataset.place;
      say(node.querySelector("label .pg-small"), (view.counts ?? {})[place] ?? (place.endsWith(".typed") ? "sent exactly as typed" : ""));
      showError({ input: node.querySelector("textarea"), error: node.querySelector(".pg-error") }, (view.errors ?? {})[place]);
    }
    paintModels();
    paintSettings();
    say(factors, view.factors ?? "");
    say(bill, view.bill ?? "");
    notes.replaceChildren(...(view.notes ?? []).map((note) => el("li", { class: `pg-note-${note.tone}` }, note.text)));
    say(run, view.run?.label ?? "Run");
    run.disabled = !view.run?.on;
    say(why, view.run?.why ?? "");
    why.hidden = !view.run?.why;
    say(said, view.said ?? "");
    said.hidden = !view.said;
    undo.hidden = !view.undo;
    paintLint(view.lint);
    say(code, view.code ?? "");
    codeBox.hidden = !view.code;
    say(textsTitle, `Prompts as sent (${view.num_texts ?? 0})`);
    textsBox.hidden = !(view.texts ?? []).length;
    texts.replaceChildren(...(view.texts ?? []).map((text) => el("li", { dir: "auto" }, text)),
      ...(view.num_texts > (view.texts ?? []).length ? [el("p", { class: "pg-soft" }, `and ${view.num_texts - view.texts.length} more`)] : []));
    paintAsk(view.ask);
  }

  let asker_ = null;  // what had the focus before the question
  function paintAsk(question) {
    const key = JSON.stringify(question ?? null);
    if (ask.dataset.key === key) return;
    ask.dataset.key = key;
    ask.hidden = !question;
    if (!question) {
      const inside = ask.contains(document.activeElement);
      ask.replaceChildren();
      if (inside && asker_?.isConnected) asker_.focus();
      return;
    }
    asker_ = document.activeElement;
    const yes = el("button", { type: "button", class: "pg-button pg-main", onclick: () => tell("answer", { yes: true }) }, question.yes);
    const no = el("button", { type: "button", class: "pg-button", onclick: () => tell("answer", { yes: false }) }, question.no);
    ask.setAttribute("aria-label", question.text);
    ask.replaceChildren(el("p", { class: "pg-grow" }, question.text), yes, no);
    no.focus();
  }

  function load() {
    const fresh = model.get("form");
    if (fresh.rev === form.rev) return;  // our own words coming back
    clearTimeout(timer);
    timer = undefined;
    form = structuredClone(fresh);
    const place = document.activeElement?.closest?.("[data-place]")?.dataset.place;
    fill();
    if (place) goTo(place);
  }

  function fill() {
    samples.value = form.samples ?? "1";
    for (const [name, made] of params) made.input.value = form.params[name] ?? "";
    drawRules();
    drawPrompts();
  }

  const offAll = listen(model, { "change:form": load, "change:view": () => { paint(); beside(); } });
  fill();
  beside();
  return () => { clearTimeout(timer); clearTimeout(besideTimer); off(); offAll(); offAsk(); };
}

export default { render: renderBuilder };
