"""Words: the formula, its templates, what spoils a prompt, and where to begin.

Take names from their own file: `from toolkit.prompts.lint import lint`. They are not repeated here,
because a function beside a file of the same name would hide it, or be hidden.

- `formula`, `expand`, `wildcards`: prompts in parts, and templates of them
- `lint`: what is likely to spoil the clip, with quick fixes
- `presets`: shots that work · `vocabulary`, `variations`: words to try instead
- `split`: pasted text into parts · `diff`: what differs · `rendering`: what a model is sent
"""
