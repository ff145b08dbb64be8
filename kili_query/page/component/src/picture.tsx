import { useSignal } from "@preact/signals"
import { useEffect } from "preact/hooks"
import type { MarkedText, Picture, Shape } from "./calls"
import { figure, plural } from "./figures"
import { useImage } from "./images"

const MOST_IN_STRIP = 400

type Props = { picture: Picture; small?: boolean; chooseFrame?: (frame: number) => void }

export function PictureView({ picture, small = false, chooseFrame }: Props) {
  if (picture.kind === "none") return <p class="quiet no-picture">Nothing to draw</p>
  if (picture.text) return <TextView text={picture.text} small={small} />
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
  const missing = useSignal(false)
  const natural = useSignal<number | null>(null)
  const image = useImage(picture.kind === "video" ? null : picture.url)
  useEffect(() => void (missing.value = false), [picture.url])
  const given = picture.width && picture.height ? picture.width / picture.height : null
  const proportions = given ?? natural.value ?? 4 / 3
  const names = [...new Set(picture.shapes.map((shape) => shape.name))].join(", ")
  return (
    <div class="canvas-place">
      <div class="canvas" style={{ aspectRatio: proportions, "--proportions": proportions }}>
        {image.src && !missing.value && (
          <img
            src={image.src}
            alt=""
            loading="lazy"
            decoding="async"
            onLoad={({ currentTarget }) => void (natural.value = turn(currentTarget, picture) ?? natural.value)}
            onError={() => void (missing.value = true)}
          />
        )}
        <svg viewBox="0 0 1 1" preserveAspectRatio="none" role="img" aria-label={names ? `Drawn: ${names}` : "No shapes"}>
          {picture.shapes.map((shape, place) => <ShapeView key={place} shape={shape} />)}
        </svg>
      </div>
      {!small && (missing.value || image.failed) && <p class="quiet">The image cannot be shown; this is its geometry.</p>}
    </div>
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
