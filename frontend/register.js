/* The two pages of a dynamic registration, in the LMS's frame or window: says that it is under way, and at the
   end tells the LMS that it may close it (LTI Dynamic Registration 1.0, section 3.7). */
const form = document.querySelector("form[data-registration]");
form?.addEventListener("submit", (event) => {
  if (form.dataset.sent) return event.preventDefault();
  form.dataset.sent = "yes";
  form.querySelector("button").setAttribute("aria-disabled", "true");
  form.querySelector("[data-registration-status]").textContent = "Registering: your LMS and CourseLLM are talking. This takes up to half a minute.";
});
/* Whoever comes back by the browser's history may try again. */
addEventListener("pageshow", (event) => { if (form && event.persisted) location.reload(); });

const lms = window.opener ?? (window.parent === window ? null : window.parent);
const close = document.querySelector("[data-registration-close]");
if (close && lms) {
  close.hidden = false;
  document.querySelector("[data-registration-open]").hidden = true;
  close.querySelector("button").addEventListener("click", () => lms.postMessage({ subject: "org.imsglobal.lti.close" }, "*"));
}
