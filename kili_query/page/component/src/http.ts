import { CallError, type CallName, type Calls, type Transport } from "./calls"

/** Calls over the local server's JSON API, whose address is relative to the page. */
export function httpTransport(base: URL | string = new URL("api/v1/", document.baseURI)): Transport {
  return {
    async call<Name extends CallName>(name: Name, request: Calls[Name]["request"], signal?: AbortSignal) {
      const response = await send(new URL(name, base), request, signal)
      const answer: unknown = await response.json().catch(() => null)
      if (!response.ok) throw explained(answer, response.status)
      if (typeof answer !== "object" || answer === null) throw new CallError("the server's answer is not a JSON object")
      return answer as Calls[Name]["answer"]
    },
  }
}

async function send(url: URL, request: object, signal?: AbortSignal): Promise<Response> {
  try {
    return await fetch(url, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(request),
      credentials: "same-origin",
      ...(signal ? { signal } : {}),
    })
  } catch (error) {
    if (signal?.aborted) throw error
    throw new CallError("the server does not answer", "check that the command that opened this page still runs")
  }
}

function explained(answer: unknown, status: number): CallError {
  if (typeof answer === "object" && answer !== null && "error" in answer) {
    const error = answer.error as { message?: unknown; help?: unknown }
    if (typeof error.message === "string") {
      return new CallError(error.message, typeof error.help === "string" ? error.help : null, status)
    }
  }
  const help = status === 403 ? "open the page again with the command" : null
  return new CallError(`the server answered with status ${status}`, help, status)
}
