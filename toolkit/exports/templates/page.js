// One button that plays all clips together, from the start. Each clip plays by itself without it.
"use strict";

const clips = [...document.querySelectorAll("video")];
if (clips.length > 1) {
  const button = document.createElement("button");
  button.type = "button";
  const playing = () => clips.some((clip) => !clip.paused);
  const say = () => { button.textContent = playing() ? "Pause all" : "Play all together"; };
  button.addEventListener("click", () => {
    if (playing()) {
      clips.forEach((clip) => clip.pause());
    } else {
      for (const clip of clips) {
        clip.currentTime = 0;
        clip.play().catch(() => {});
      }
    }
  });
  for (const clip of clips) {
    clip.addEventListener("play", say);
    clip.addEventListener("pause", say);
  }
  say();
  document.querySelector(".count").append(button);
}
