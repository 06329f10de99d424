// Search in a site that is opened from the file system: browsers start no Worker from file://, so a hidden frame runs
// the script instead. (The offline plugin would load such a stand-in from elsewhere; nothing here is fetched.)
if (location.protocol === "file:") {
  window.Worker = class extends EventTarget {
    constructor(url) {
      super()
      const frame = document.createElement("iframe")
      frame.hidden = true
      document.body.append(frame)
      const inner = frame.contentWindow
      inner.document.open()
      inner.document.write("<!doctype html><body></body>")
      inner.document.close()
      inner.postMessage = data => this.dispatchEvent(new MessageEvent("message", { data }))
      this.waiting = []
      this.deliver = data => this.waiting.push(data)
      const script = inner.document.createElement("script")
      script.src = new URL(url, location)
      script.onload = () => {
        this.deliver = data => inner.dispatchEvent(new MessageEvent("message", { data }))
        this.waiting.forEach(this.deliver)
      }
      inner.document.body.append(script)
    }

    postMessage(data) {
      this.deliver(data)
    }
  }
}
