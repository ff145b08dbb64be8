/** Long lists of which only the part in sight is shown. */

import {
  Virtualizer, elementScroll, observeElementOffset, observeElementRect, type VirtualItem,
} from "@tanstack/virtual-core"
import { useLayoutEffect, useReducer, useRef, useState } from "preact/hooks"

/** Browsers cannot show elements that are higher than about 17 million pixels. */
const MOST_PX = 15_000_000

export type Window = {
  scroller: { current: HTMLDivElement | null }
  items: VirtualItem[]
  height: number
  shown: number
  scrollTo: (place: number) => void
}

/** A window on `count` rows of `size` pixels each. */
export function useWindow(count: number, size: number, top: unknown): Window {
  const scroller = useRef<HTMLDivElement>(null)
  const [, redraw] = useReducer<number, void>((times) => times + 1, 0)
  const shown = Math.min(count, Math.floor(MOST_PX / size))
  const options = {
    count: shown,
    getScrollElement: () => scroller.current,
    estimateSize: () => size,
    overscan: 8,
    observeElementRect,
    observeElementOffset,
    scrollToFn: elementScroll,
    onChange: () => redraw(),
  }
  const [virtual] = useState(() => new Virtualizer<HTMLDivElement, Element>(options))
  virtual.setOptions(options)
  useLayoutEffect(() => virtual._didMount(), [])
  useLayoutEffect(() => virtual._willUpdate())
  useLayoutEffect(() => virtual.measure(), [size])
  useLayoutEffect(() => virtual.scrollToOffset(0), [top])
  return {
    scroller,
    items: virtual.getVirtualItems(),
    height: virtual.getTotalSize(),
    shown,
    scrollTo: (place) => virtual.scrollToIndex(place),
  }
}
