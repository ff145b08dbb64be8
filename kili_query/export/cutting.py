"""Cut videos into frames with the program ffmpeg, which can read only the given file.

A file that claims to be a video may be a playlist that names other files. So ffmpeg may only read video containers,
and only from files. Its time and its output are limited.
"""

import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

from kili_query.export.errors import DownloadError, NotCompatibleOptions
from kili_query.labels.frame_rate import frames_per_second

_MOST_FRAMES = 200_000  # two hours at 25 a second, and a tenth more
_MOST_PIXELS = 1 << 28  # in a frame
_TIMEOUT_S = 3600
_CONTAINERS = (
    "3gp asf avi dv flv gif h264 hevc ivf m4v matroska mjpeg mov mpeg mpegts mpegvideo mxf nut obu ogg rm webm wtv"
)
_REASON_CHARACTERS = 300


def cut(program: str, video: Path, folder: Path, asset: Mapping[str, object]) -> list[Path]:
    """Cut a video into frames, as JPEG files, in order.

    Args:
        program: ffmpeg.
        video: the file.
        folder: the folder for the frames; it is created.
        asset: may name the frame rate of the service.

    Raises:
        DownloadError: the video cannot be cut.
    """
    folder.mkdir()
    try:
        rate = frames_per_second(asset)
    except ValueError as error:
        raise DownloadError(str(error)) from error
    # the second is the name of the first in versions before ffmpeg 5.1
    timings = [["-fps_mode", "passthrough"], ["-vsync", "0"]] if rate is None else [["-vf", f"fps={rate}"]]
    reason = ""
    for timing in timings:
        reason = _run(program, video.absolute(), folder, timing)
        if not reason:
            break
    else:
        raise DownloadError(f"ffmpeg cannot cut it: {reason}")
    frames = sorted(folder.iterdir(), key=lambda path: int(path.stem))
    if len(frames) > _MOST_FRAMES:
        raise DownloadError(f"it has more than {_MOST_FRAMES:,} frames, which is the maximum")
    return frames


def _run(program: str, video: Path, folder: Path, timing: list[str]) -> str:
    """Cut a video, and return why it failed; an empty text if it did not."""
    held = ["-protocol_whitelist", "file", "-format_whitelist", ",".join(_CONTAINERS.split())]
    read = [*held, "-max_pixels", str(_MOST_PIXELS), "-i", f"file:{video}"]
    most = ["-frames:v", str(_MOST_FRAMES + 1)]  # one more shows that there were too many
    command = [program, "-nostdin", "-v", "error", *read, *timing, *most, "-q:v", "1", "%d.jpg"]
    try:
        ran = subprocess.run(  # noqa: S603
            command, cwd=folder, capture_output=True, text=True, errors="replace", check=False, timeout=_TIMEOUT_S
        )
    except subprocess.TimeoutExpired as error:
        raise DownloadError(f"ffmpeg did not cut it within {_TIMEOUT_S:,} seconds") from error
    except OSError as error:
        raise DownloadError(f"ffmpeg cannot be started: {error.strerror}") from error
    return (ran.stderr.strip()[:_REASON_CHARACTERS] or f"status {ran.returncode}") if ran.returncode else ""


def ffmpeg_program() -> str:
    """Find the program that cuts videos.

    Raises:
        NotCompatibleOptions: it is not installed.
    """
    found = shutil.which("ffmpeg")
    if found is None:
        raise NotCompatibleOptions("`cut_videos` needs the program ffmpeg, which is not on the path")
    return found
