/* The page's script: credential, htmx, errors and progress, and the rooms' modules when they are needed. */
import "./shell.js";
