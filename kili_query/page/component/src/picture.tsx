import { useSignal } from "@preact/signals"
import { useContext, useEffect, useRef } from "preact/hooks"
import type { MarkedText, Picture, Shape } from "./calls"
import { figure, plural } from "./figures"
import { Images, useImage } from "./images"

const MOST_IN_STRIP = 400
const NO_IMAGE = "The image cannot be shown; this is its geometry."
const NO_VIDEO = "The browser cannot show this video; this is its geometry."
const NOT_HERE = "Videos are only shown on the page that kili-query open serves; this is the geometry."
const TOO_SHORT = "The video ends before this frame; this is its geometry."

type Props = { picture: Picture; small?: boolean; chooseFrame?: (frame: number) => void }

export function PictureView({ picture, small = false, chooseFrame }: Props) {
  if (picture.text) return <TextView text={picture.text} small={small} />
  if (picture.kind === "none") return <p class="quiet no-picture">Nothing to draw</p>
  return (
    <>
      <Canvas picture={picture} small={small} />
      {picture.frames && <Strip picture={picture} frames={picture.frames} small={small} choose={chooseFrame} />}
      {!small && picture.cut && <p class="quiet">Too much to draw: only a part is shown.</p>}
    </>
  )
}

/** The geometry over the image, or over a blank canvas of the same proportions. */
function Canvas({ picture, small }: { picture: Picture; small: boolean }) {
  const asked = `${picture.url} ${picture.time}`
  const missed = useSignal<{ asked: string; reason: string } | null>(null)
  const missing = missed.value?.asked === asked ? missed.value.reason : null
  const miss = (reason: string) => void (missed.value = { asked, reason })
  const natural = useSignal<number | null>(null)
  const film = picture.kind === "video" && picture.url !== null && picture.time !== null
  const image = useImage(picture.kind === "video" ? null : picture.url)
  const local = useContext(Images) === undefined
  const why = missing ?? (image.failed ? NO_IMAGE : film && !local ? NOT_HERE : picture.why_blank)
  const given = picture.width && picture.height ? picture.width / picture.height : null
  const proportions = given ?? natural.value ?? 4 / 3
  const names = [...new Set(picture.shapes.map((shape) => shape.name))].join(", ")
  return (
    <div class="canvas-place">
      <div class="canvas" style={{ aspectRatio: proportions, "--proportions": proportions }}>
        {film && local && missing === null && (
          <Film
            key={picture.url}
            url={picture.url!}
            time={picture.time!}
            sized={(found) => void (natural.value = found)}
            missed={miss}
          />
        )}
        {image.src && missing === null && (
          <img
            src={image.src}
            alt=""
            loading="lazy"
            decoding="async"
            onLoad={({ currentTarget }) => void (natural.value = turn(currentTarget, picture) ?? natural.value)}
            onError={() => miss(NO_IMAGE)}
          />
        )}
        <svg viewBox="0 0 1 1" preserveAspectRatio="none" role="img" aria-label={names ? `Drawn: ${names}` : "No shapes"}>
          {picture.shapes.map((shape, place) => <ShapeView key={place} shape={shape} />)}
        </svg>
      </div>
      {!small && why !== null && <p class="quiet blank">{why}</p>}
    </div>
  )
}

type FilmProps = { url: string; time: number; sized: (proportions: number) => void; missed: (reason: string) => void }

/** A frame of a video. It is hidden until it is there, so that no other one is taken for it. */
function Film({ url, time, sized, missed }: FilmProps) {
  const video = useRef<HTMLVideoElement>(null)
  const shown = useSignal<number | null>(null)
  const seek = () => {
    const { current } = video
    if (!current || current.readyState === HTMLMediaElement.HAVE_NOTHING) return
    if (time >= current.duration) missed(TOO_SHORT)
    else current.currentTime = time
  }
  useEffect(seek, [time])
  return (
    <video
      ref={video}
      src={url}
      class={shown.value === time ? "" : "waiting"}
      muted
      playsInline
      preload="auto"
      tabIndex={-1}
      aria-hidden="true"
      onLoadedMetadata={({ currentTarget: { videoWidth, videoHeight } }) => {
        if (videoWidth && videoHeight) sized(videoWidth / videoHeight)
        seek()
      }}
      onSeeked={() => void (shown.value = time)}
      onError={() => missed(NO_VIDEO)}
    />
  )
}

/**
 * Turn an image as its EXIF data ask, if the label's sizes are those of the turned image. Otherwise it is shown as it is
 * stored, as exports and `kili-query pictures` do. Returns its proportions.
 */
function turn(image: HTMLImageElement, { width, height }: Picture): number | null {
  image.style.imageOrientation = ""
  const [wide, high] = storedSize(image)
  if (!wide || !high) return null
  if (wide === high || width !== high || height !== wide) return wide / high
  image.style.imageOrientation = "from-image"
  if (image.naturalWidth === high) return high / wide
  image.style.imageOrientation = "" // its data do not turn it by a quarter
  return wide / high
}

/** The size without EXIF data, which only the layout knows: in some browsers `naturalWidth` is always that of the turned image. */
function storedSize(image: HTMLImageElement): [number, number] {
  image.classList.add("measured")
  const size: [number, number] = [image.offsetWidth, image.offsetHeight]
  image.classList.remove("measured")
  return size
}

/** Fractions are stretched to the image, but lines and points keep their width in pixels. */
function ShapeView({ shape }: { shape: Shape }) {
  const closed = shape.kind === "box" || shape.kind === "polygon"
  const dots = shape.kind === "point" || shape.kind === "pose"
  const path = dots ? shape.rings.flat().map(([x, y]) => `M${x} ${y}h0`).join("") : shape.rings.map((ring) => outline(ring, closed)).join("")
  return (
    <g class={`shape ${shape.kind}`}>
      {dots && <path class="halo" d={path} />}
      <path d={path} fill={closed ? shape.color : "none"} stroke={shape.color} fill-rule="evenodd">
        <title>{shape.name}</title>
      </path>
    </g>
  )
}

function outline(ring: [number, number][], closed: boolean): string {
  return ring.map(([x, y], place) => `${place ? "L" : "M"}${x} ${y}`).join("") + (closed ? "Z" : "")
}

type Piece = { start: number; end: number; names: string[]; color: string | null; ends: string[] }

/** The text in pieces, each with the entities that cover it. */
function pieces({ text, spans }: MarkedText): Piece[] {
  const cuts = [...new Set([0, text.length, ...spans.flatMap(({ start, end }) => [start, end])])]
    .filter((at) => 0 <= at && at <= text.length)
    .sort((a, b) => a - b)
  return cuts.slice(1).map((end, place) => {
    const start = cuts[place]!
    const over = spans.filter((span) => span.start <= start && end <= span.end)
    return {
      start,
      end,
      names: over.map((span) => span.name),
      color: over.at(-1)?.color ?? null,
      ends: over.filter((span) => span.end === end).map((span) => span.name),
    }
  })
}

function TextView({ text, small }: { text: MarkedText; small: boolean }) {
  return (
    <p class={`marked ${small ? "small" : ""}`}>
      {pieces(text).map(({ start, end, names, color, ends }) =>
        color === null ? (
          text.text.slice(start, end)
        ) : (
          <mark key={start} title={names.join(", ")} style={{ "--color": color }}>
            {text.text.slice(start, end)}
            {!small && ends.map((name) => <small key={name}>{name}</small>)}
          </mark>
        ),
      )}
    </p>
  )
}

type StripProps = {
  picture: Picture
  frames: number[]
  small: boolean
  choose: ((frame: number) => void) | undefined
}

/** The frames of a video or the pages of a document that hold something. */
function Strip({ picture: { kind, frame }, frames, small, choose }: StripProps) {
  const one = kind === "document" ? "page" : "frame"
  if (small || !choose) return <p class="frames quiet">{plural(frames.length, one)}</p>
  const listed = frames.slice(0, MOST_IN_STRIP)
  return (
    <div class="strip" role="group" aria-label={kind === "document" ? "Pages" : "Frames"}>
      {listed.map((number) => (
        <button type="button" key={number} aria-pressed={number === frame} onClick={() => choose(number)}>{number}</button>
      ))}
      {listed.length < frames.length && <span class="quiet">and {figure(frames.length - listed.length)} more</span>}
    </div>
  )
}
