"""Make the sample photographs that are embedded into the binary.

    python make_photos.py FOLDER [OUT]

FOLDER is skimage/data of the Python package scikit-image 0.26.0 (astronaut.png, chelsea.png and coffee.png are part of
the package). Each picture is made at most 640 pixels long and saved as JPEG of quality 88 without metadata. Needs Pillow.
"""

import os
import sys

from PIL import Image

LONG_SIDE = 640


def main():
    folder = sys.argv[1]
    out = sys.argv[2] if len(sys.argv) > 2 else os.path.dirname(os.path.abspath(__file__))
    for name in ["astronaut", "chelsea", "coffee"]:
        picture = Image.open(os.path.join(folder, name + ".png")).convert("RGB")
        scale = LONG_SIDE / max(picture.size)
        if scale < 1:
            picture = picture.resize([round(side * scale) for side in picture.size], Image.Resampling.LANCZOS)
        # A new picture carries no EXIF, colour profile or text of the old one.
        clean = Image.new("RGB", picture.size)
        clean.paste(picture)
        path = os.path.join(out, f"photo-{name}.jpg")
        clean.save(path, quality=88, optimize=True, subsampling=0)
        print(f"{path}: {clean.size[0]}x{clean.size[1]}, {os.path.getsize(path)} bytes")


if __name__ == "__main__":
    main()
