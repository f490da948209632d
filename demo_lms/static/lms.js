// The few things that a browser does by itself here; every page works without them.
for (const form of document.querySelectorAll("form[data-auto-submit]")) {
  form.submit();
}
const back = document.querySelector("a[data-leave-frame]");
if (back) {
  window.top.location.assign(back.href);
}
// A tool that has registered itself says that its page may go (LTI Dynamic Registration 1.0).
const registering = document.querySelector("iframe[data-closes-to]");
if (registering) {
  window.addEventListener("message", (event) => {
    if (event.source === registering.contentWindow && event.data?.subject === "org.imsglobal.lti.close") {
      window.location.assign(registering.dataset.closesTo);
    }
  });
}
