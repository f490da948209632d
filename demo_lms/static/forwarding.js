// A frame that only hands on: the tool's messages to the page round us, with the tool's origin, and its answers back.
const askers = new Map();
addEventListener("message", ({ source, origin, data }) => {
  if (source === window.parent && origin === location.origin) {
    const asker = askers.get(data.answer?.message_id);
    asker?.source.postMessage(data.answer, asker.origin);
    askers.delete(data.answer?.message_id);
  } else if (data?.message_id) {
    askers.set(data.message_id, { source, origin });
    window.parent.postMessage({ tool: origin, message: data }, location.origin);
  }
});
