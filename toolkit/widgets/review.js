// The blind duel. The browser is told two opaque names and nothing else: which arm is on which side
// is known to Python alone. Playback lives here; Python hears only the verdict.

const KEYS = {
  ArrowLeft: "left", "1": "left", ArrowRight: "right", "2": "right",
  ArrowDown: "tie", "3": "tie", ArrowUp: "both_bad", "4": "both_bad",
  s: "skip", S: "skip",
};
const NUDGE_S = 0.02;
const JUMP_S = 0.25;
const FLASH_MS = 150;
const SLICE_BYTES = 1 << 20;

/** Where this page's Jupyter server serves files, or null where there is none. */
function filesUrl() {
  try {
    const config = JSON.parse(document.getElementById("jupyter-config-data").textContent);
    return config.baseUrl ? `${location.origin}${config.baseUrl}files/` : null;
  } catch {
    return null;
  }
}

/** Turns a clip's opaque name into something a <video> plays: a served file, else its bytes. */
function clipLoader(ask) {
  const ready = new Map();
  const blobs = new Map();
  let base = filesUrl();
  let root = null;  // the one that answered
  let asText = false;

  async function byServer(clip, roots) {
    if (!base) return null;
    for (const folder of root === null ? roots : [root]) {
      const url = base + [...folder.split("/"), `${clip.id}.mp4`].map(encodeURIComponent).join("/");
      try {
        const answer = await fetch(url, { method: "HEAD", credentials: "same-origin" });
        if (answer.ok && Number(answer.headers.get("Content-Length")) === clip.size) {
          root = folder;
          return url;
        }
      } catch { break; }
    }
    if (root === null) base = null;  // not served here: take the bytes from now on
    return null;
  }

  /** One piece of a clip. Some front ends (Colab) lose binary buffers: then as text. */
  async function slice(clip, offset) {
    const where = { clip: clip.id, offset, length: SLICE_BYTES };
    let { content, buffers } = await ask("slice", { ...where, base64: asText });
    if (!content.problem && !buffers.length && !content.base64) {
      asText = true;
      ({ content } = await ask("slice", { ...where, base64: true }));
    }
    if (content.problem) throw new Error(content.problem);
    const piece = content.base64 ? Uint8Array.from(atob(content.base64), (c) => c.charCodeAt(0)) : buffers[0];
    if (!piece?.byteLength) throw new Error("The clip did not arrive whole. Skip this pair.");
    return piece;
  }

  async function byBytes(clip) {
    const parts = [];
    let at = 0;
    while (at < clip.size) {
      const piece = await slice(clip, at);
      parts.push(piece);
      at += piece.byteLength;
    }
    const url = URL.createObjectURL(new Blob(parts, { type: "video/mp4" }));
    blobs.set(clip.id, url);
    return url;
  }

  const load = (clip, roots) => {
    if (!ready.has(clip.id)) {
      const promise = byServer(clip, roots).then((url) => url ?? byBytes(clip));
      promise.catch(() => ready.delete(clip.id));
      ready.set(clip.id, promise);
    }
    return ready.get(clip.id);
  };
  /** Keep only the clips of these pairs in memory. */
  const keep = (ids) => {
    for (const [id, url] of blobs) {
      if (ids.includes(id)) continue;
      URL.revokeObjectURL(url);
      blobs.delete(id);
      ready.delete(id);
    }
  };
  return { load, keep, close: () => keep([]) };
}

function renderDuel({ model, el: host }) {
  const { root, off } = shell(model, host, "duel", { keys: true, label: "Blind comparison of two clips" });
  const { ask, off: offAsk } = asker(model);
  const clips = clipLoader(ask);
  const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
  let shown = null;  // the pair on screen
  let voted = true;  // nothing to vote on yet
  let playing = !still;
  let ready = false;

  const progress = el("span", { class: "pg-soft pg-count", role: "status" });
  const question = el("h3", {});
  const keysOn = el("span", { class: "pg-soft pg-small pg-keyson" });
  const prompt = el("p", { class: "pg-prompt", dir: "auto" });
  const sides = { left: player("left", "Left"), right: player("right", "Right") };
  const stage = el("div", { class: "pg-stage" }, sides.left.node, sides.right.node);
  const button = (verdict, label, key, name) => el("button", {
    type: "button", class: "pg-button pg-verdict", dataset: { verdict }, "aria-keyshortcuts": name,
    onclick: (event) => vote(verdict, event.shiftKey),
  }, label, el("kbd", { "aria-hidden": "true" }, key));
  const verdicts = el("div", { class: "pg-verdicts", role: "group", "aria-label": "Which is better?" },
    button("left", "Left", "←", "ArrowLeft"), button("tie", "Tie", "↓", "ArrowDown"),
    button("both_bad", "Both bad", "↑", "ArrowUp"), button("right", "Right", "→", "ArrowRight"));
  const skip = button("skip", "Skip", "S", "S");
  const undo = el("button", { type: "button", class: "pg-button", "aria-keyshortcuts": "Backspace", onclick: () => takeBack() },
    "Undo", el("kbd", { "aria-hidden": "true" }, "⌫"));
  const pause = el("button", { type: "button", class: "pg-button", "aria-keyshortcuts": "Space", onclick: () => setPlaying(!playing) });
  const again = el("button", { type: "button", class: "pg-button", "aria-keyshortcuts": "R", onclick: () => restart() },
    "Replay", el("kbd", { "aria-hidden": "true" }, "R"));
  const tools = el("div", { class: "pg-row pg-tools" }, pause, again, el("span", { class: "pg-grow" }), keysOn, el("span", { class: "pg-grow" }), skip, undo);
  const end = el("div", { class: "pg-end", hidden: true });
  const game = el("div", {}, stage, verdicts);
  root.append(el("div", { class: "pg-row pg-head" }, question, el("span", { class: "pg-grow" }), progress), prompt, game, end, tools);

  function player(side, label) {
    const video = el("video", { playsinline: true, preload: "auto", disablepictureinpicture: true, tabindex: "-1", "aria-label": `${label} clip` });
    video.muted = true;
    const note = el("div", { class: "pg-note", role: "status" });
    const node = el("figure", { class: `pg-side pg-side-${side}` }, el("div", { class: "pg-box" }, video, note),
      el("figcaption", {}, label));
    video.addEventListener("error", () => {
      if (video.getAttribute("src")) trouble(side, "This browser cannot play this clip. Skip it.");
    });
    return { video, note, node };
  }
  const both = () => [sides.left.video, sides.right.video];

  function trouble(side, text) {
    say(sides[side].note, text);
    sides[side].note.hidden = !text;
  }

  // ---- playing ----------------------------------------------------------------------------------
  function setPlaying(on) {
    playing = on;
    say(pause.firstChild ?? pause.appendChild(document.createTextNode("")), playing ? "Pause" : "Play");
    if (pause.childElementCount === 0) pause.append(el("kbd", { "aria-hidden": "true" }, "Space"));
    if (!ready) return;
    for (const video of both()) playing ? video.play().catch(() => {}) : video.pause();
  }

  function restart() {
    for (const video of both()) { video.currentTime = 0; video.playbackRate = 1; }
    setPlaying(true);
  }

  /** Both run to the end of the shorter one, then both start again; the right follows the left. */
  function keepTogether() {
    if (!ready || !playing) return;
    const [left, right] = both();
    const length = Math.min(left.duration, right.duration);
    if (left.ended || right.ended || Math.min(left.currentTime, right.currentTime) >= length - 0.02) {
      for (const video of [left, right]) { video.currentTime = 0; video.playbackRate = 1; video.play().catch(() => {}); }
      return;
    }
    const drift = right.currentTime - left.currentTime;
    if (Math.abs(drift) > JUMP_S) right.currentTime = left.currentTime;
    right.playbackRate = Math.abs(drift) > NUDGE_S ? (drift > 0 ? 0.95 : 1.05) : 1;
  }
  const clock = setInterval(keepTogether, 60);

  async function show(view) {
    const pair = view.pair;
    shown = pair.id;
    ready = false;
    voted = true;
    setButtons(view);
    clips.keep([pair.left.id, pair.right.id]);
    const loaded = await Promise.all(["left", "right"].map(async (side) => {
      const { video } = sides[side];
      video.pause();
      video.removeAttribute("src");
      trouble(side, "Loading…");
      try {
        const url = await clips.load(pair[side], view.roots ?? []);
        if (shown !== pair.id) return false;
        await new Promise((resolve, reject) => {
          video.addEventListener("canplaythrough", resolve, { once: true });
          video.addEventListener("error", () => reject(new Error("This browser cannot play this clip. Skip it.")), { once: true });
          video.src = url;
          video.load();
        });
        trouble(side, "");
        return true;
      } catch (error) {
        if (shown === pair.id) trouble(side, error.message);
        return false;
      }
    }));
    if (shown !== pair.id) return;
    voted = false;
    ready = loaded.every(Boolean);
    setButtons(model.get("view"));
    if (!ready) return;
    const [left, right] = both();
    const shape = Math.max(left.videoWidth / left.videoHeight, right.videoWidth / right.videoHeight);
    stage.style.setProperty("--pg-shape", String(shape || 16 / 9));
    stage.classList.toggle("pg-tall", shape < 1);
    for (const video of both()) { video.currentTime = 0; video.playbackRate = 1; }
    setPlaying(playing);
  }

  // ---- answering --------------------------------------------------------------------------------
  function vote(verdict, strong) {
    if (voted || shown === null || (!ready && verdict !== "skip")) return;
    voted = true;
    for (const side of ["left", "right"]) {
      const win = verdict === side || verdict === "tie";
      sides[side].node.classList.toggle("pg-chosen", win);
    }
    const pressed = root.querySelector(`[data-verdict="${verdict}"]`);
    pressed.classList.add("pg-pressed");
    setTimeout(() => {
      pressed.classList.remove("pg-pressed");
      for (const side of Object.values(sides)) side.node.classList.remove("pg-chosen");
    }, FLASH_MS);
    model.send({ kind: "vote", pair: shown, verdict, strong: Boolean(strong) });
  }

  function takeBack() {
    if (!model.get("view").can_undo) return;
    model.send({ kind: "undo" });
  }

  root.addEventListener("keydown", (event) => {
    if (event.ctrlKey && event.key.toLowerCase() === "z") { event.preventDefault(); takeBack(); return; }
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const onButton = event.target.closest?.("button");
    const done = () => { event.preventDefault(); event.stopPropagation(); };
    if (KEYS[event.key]) { done(); if (!event.repeat) vote(KEYS[event.key], event.shiftKey && event.key !== "S"); }
    else if (event.key === "Backspace") { done(); if (!event.repeat) takeBack(); }
    else if (event.key === " " && !onButton) { done(); setPlaying(!playing); }
    else if (event.key === "r" || event.key === "R") { done(); restart(); }
    else if (event.key === "Escape") { root.blur(); document.activeElement?.blur?.(); }
  });
  const focusNote = () => say(keysOn, root.matches(":focus-within") ? "keys active" : "click here to use the keys");
  root.addEventListener("focusin", focusNote);
  root.addEventListener("focusout", () => setTimeout(focusNote));
  root.addEventListener("click", (event) => {
    if (!event.target.closest("button, pre")) root.focus({ preventScroll: true });
  });

  // ---- what Python says -------------------------------------------------------------------------
  function setButtons(view) {
    for (const node of root.querySelectorAll("[data-verdict]")) {
      node.setAttribute("aria-disabled", String(voted || (!ready && node.dataset.verdict !== "skip")));
    }
    const had = root.contains(document.activeElement);
    undo.disabled = !view.can_undo;
    pause.hidden = again.hidden = skip.hidden = !view.pair;
    if (had && !root.contains(document.activeElement)) root.focus({ preventScroll: true });
    else if (had && document.activeElement.disabled) root.focus({ preventScroll: true });
  }

  function paint() {
    const view = model.get("view");
    say(question, view.question ?? "");
    say(progress, view.progress ?? "");
    prompt.hidden = !view.prompt;
    say(prompt, view.prompt ?? "");
    game.hidden = !view.pair;
    end.hidden = Boolean(view.pair);
    keysOn.hidden = !view.pair;
    if (view.pair) {
      if (view.pair.id !== shown) show(view);
    } else {
      shown = null;
      ready = false;
      voted = true;
      for (const video of both()) { video.pause(); video.removeAttribute("src"); video.load(); }
      const code = view.end?.code;
      end.replaceChildren(el("p", {}, el("b", {}, view.end?.title ?? "")), el("p", {}, view.end?.text ?? ""),
        ...(code ? [el("div", { class: "pg-row" }, el("pre", {}, code), copyButton(() => code))] : []),
        ...(view.end?.more ? [el("button", { type: "button", class: "pg-button", onclick: () => model.send({ kind: "more" }) }, view.end.more)] : []));
    }
    setButtons(view);
  }

  const notSaved = () => {
    if (!model.get("problem") || !shown) return;
    voted = false;  // the pair is still open
    setButtons(model.get("view"));
  };
  const offView = listen(model, { "change:view": paint, "change:problem": notSaved });
  setPlaying(playing);
  focusNote();
  paint();
  return () => {
    clearInterval(clock);
    for (const video of both()) { video.removeAttribute("src"); video.load(); }
    clips.close();
    offView();
    offAsk();
    off();
  };
}

export default { render: renderDuel };
