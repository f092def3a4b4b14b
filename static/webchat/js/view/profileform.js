/**
 * The form about oneself: the name that others see, a few words, a picture; what is saved goes to every channel.
 */

import { sizeWords } from "../files.js";
import { limits } from "../limits.js";
import { say } from "../strings.js";
import { measured } from "../textlimit.js";
import { byId, setAttribute, setText } from "./dom.js";
import { portrait } from "./portrait.js";
import { portraitFrom } from "./portraitmaker.js";

export class ProfileForm {
  #dialog = byId("profile");
  #name = byId("profile-name");
  #about = byId("profile-about");
  #file = byId("profile-file");
  #remove = byId("profile-remove");
  #left = byId("profile-left");
  #error = byId("profile-error");
  #save = byId("profile-save");
  #source;
  /** Base64 of another picture, "" for none from now on, null for the one that is there. */
  #picture = null;

  /** `source`: `save({name, about, picture?})`, `saved()`, `me()`. */
  constructor(source) {
    this.#source = source;
    byId("profile-form").addEventListener("submit", (event) => {
      event.preventDefault();
      this.#submit();
    });
    byId("profile-cancel").addEventListener("click", () => this.#dialog.close());
    this.#file.addEventListener("change", () => this.#chosen());
    this.#remove.addEventListener("click", () => {
      this.#show("");
      this.#file.focus();
    });
    for (const field of [this.#name, this.#about]) field.addEventListener("input", () => this.#measure());
  }

  open({ name, about, picture }) {
    this.#name.value = name;
    this.#about.value = about;
    this.#file.value = "";
    this.#show(null, portrait({ id: this.#source.me(), picture }), Boolean(picture));
    this.#refuse("");
    this.#measure();
    this.#dialog.showModal();
  }

  #show(picture, element = portrait({ id: this.#source.me(), picture: "" }), isThere = false) {
    this.#picture = picture;
    byId("profile-picture").replaceChildren(element);
    this.#remove.hidden = !isThere;
  }

  async #chosen() {
    const [file] = this.#file.files;
    if (!file) return;
    const made = await portraitFrom(file);
    this.#file.value = "";
    this.#refuse(made ? "" : say("profile.picture.refused", { size: sizeWords(limits.file_bytes) }));
    if (!made) return;
    made.canvas.className = "avatar portrait";
    this.#show(made.base64, made.canvas, true);
  }

  #measure() {
    const name = measured(this.#name.value.trim(), limits.name_bytes);
    const about = measured(this.#about.value.trim(), limits.about_bytes);
    setAttribute(this.#name, "aria-invalid", name.isOver ? "true" : null);
    setAttribute(this.#about, "aria-invalid", about.isOver ? "true" : null);
    const over = Math.max(-name.left, -about.left);
    setText(this.#left, over > 0 ? say("profile.long", { n: over }) : "");
    this.#save.disabled = over > 0;
  }

  async #submit() {
    const name = this.#name.value.trim();
    if (!name) {
      this.#refuse(say("profile.nameless"));
      this.#name.focus();
      return;
    }
    const picture = this.#picture === null ? {} : { picture: this.#picture };
    this.#save.disabled = true;
    try {
      await this.#source.save({ name, about: this.#about.value.trim(), ...picture });
      this.#dialog.close();
      this.#source.saved();
    } catch (error) {
      this.#refuse(`${error.message}. ${error.remedy ?? ""}`.trim());
    }
    this.#save.disabled = false;
  }

  #refuse(words) {
    setText(this.#error, words);
    this.#error.hidden = !words;
  }
}
