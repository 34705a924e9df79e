"""Sharpness, flicker, change and motion as a plain OpenCV script does: python plain_scores.py
FOLDER CLIP…"""

import sys

import cv2
import numpy as np

cv2.setNumThreads(1)
for path in sys.argv[2:]:
    video = cv2.VideoCapture(path)
    before = small_before = None
    sharp, luma, change, motion = [], [], [], []
    while True:
        ok, frame = video.read()
        if not ok:
            break
        gray = cv2.cvtColor(frame, cv2.COLOR_BGR2GRAY)
        small = cv2.resize(gray, (320, round(320 * gray.shape[0] / gray.shape[1])))
        sharp.append(cv2.Laplacian(gray, cv2.CV_64F).var())
        luma.append(gray.mean())
        if before is not None:
            change.append(np.abs(frame.astype(np.int16) - before.astype(np.int16)).mean())
            flow = cv2.calcOpticalFlowFarneback(small_before, small, None, 0.5, 3, 15, 3, 5, 1.2, 0)
            motion.append(np.hypot(flow[..., 0], flow[..., 1]).mean())
        before, small_before = frame, small
    print(path, *(round(float(np.mean(values)), 3) for values in (sharp, luma, change, motion)))
