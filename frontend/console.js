/* The console's log-in: the link's secret stands in the fragment, which no server and no log ever sees. It leaves the
   address bar at once and goes to the server in the form's body. */
export function init(form) {
  const secret = location.hash.slice(1);
  if (!secret) return;
  history.replaceState(null, "", location.pathname);
  form.elements.secret.value = secret;
  form.submit();  // by the browser itself: the answer is a new page
}
