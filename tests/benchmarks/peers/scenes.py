"""Cuts by PySceneDetect: python scenes.py FOLDER CLIP…"""

import sys

from scenedetect import AdaptiveDetector, detect

for path in sys.argv[2:]:
    print(path, len(detect(path, AdaptiveDetector())))
