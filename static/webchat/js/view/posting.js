/**
 * Sending a file to the own server, with progress: the one thing that `fetch` can't tell.
 */

import { ownError } from "../strings.js";

/** `{ done, abort() }`; `done` is the message's report, or fails with an error in words. */
export function postFile({ channel, id, name, file }, onSent) {
  const request = new XMLHttpRequest();
  const done = new Promise((resolve, reject) => {
    const lost = () => reject(ownError("UPLOAD_LOST"));
    request.upload.addEventListener("progress", ({ loaded }) => onSent(loaded));
    request.addEventListener("load", () => {
      const answer = request.response;
      if (request.status === 200 && answer?.message) resolve(answer.message);
      else reject(answer?.error ?? ownError(request.status >= 500 ? "UPLOAD_LOST" : "UPLOAD_INTERRUPTED"));
    });
    for (const event of ["error", "abort", "timeout"]) request.addEventListener(event, lost);
  });
  const query = new URLSearchParams({ channel, id, name });
  request.open("POST", `/files/?${query}`);
  request.responseType = "json";
  request.setRequestHeader("Content-Type", "application/octet-stream");
  request.setRequestHeader("X-CSRFToken", document.querySelector("input[name=csrfmiddlewaretoken]").value);
  request.send(file);
  return { done, abort: () => request.abort() };
}
