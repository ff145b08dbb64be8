/** The component: one function that shows the page in an element, whatever carries its calls. */

export { CallError, type CallName, type Calls, type Transport } from "./calls"
export { messageTransport, type Message, type MessageTransport, type Reply } from "./messages"
export { httpTransport } from "./http"
export { mount, type Mounted, type Options } from "./mount"
export { widget as default } from "./widget"
