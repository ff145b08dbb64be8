import { httpTransport, mount } from "./component.js"

mount(document.getElementById("page")!, httpTransport(), { shared: true })
