"""A labelled sheet of 12 frames by moviepy: python moviepy_sheet.py FOLDER CLIP…"""

import sys
from pathlib import Path

from moviepy import VideoFileClip
from PIL import Image, ImageDraw

folder, *clips = sys.argv[1:]
for path in clips:
    with VideoFileClip(path, audio=False) as clip:
        sheet = None
        for k in range(12):
            at = (k + 0.5) / 12 * clip.duration
            picture = Image.fromarray(clip.get_frame(at))
            picture.thumbnail((320, 320))
            if sheet is None:
                wide, high = picture.width, picture.height + 16
                sheet = Image.new("RGB", (4 * wide, 3 * high), "white")
                draw = ImageDraw.Draw(sheet)
            x, y = (k % 4) * wide, (k // 4) * high
            sheet.paste(picture, (x, y))
            draw.text((x + 4, y + high - 14), f"{at:.2f} s", fill="black")
        sheet.save(Path(folder) / f"{Path(path).stem}.jpg", quality=85)
