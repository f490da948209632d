/* The way back to the LMS after choosing a link: the form with the signed answer sends itself
   (Deep Linking 2.0, section 4.5). It goes to another origin, so it is a real submit, never a fetch. */
export function init(form) {
  form.submit();
}
