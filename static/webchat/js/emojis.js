/**
 * The reactions that a person chooses from, in rows as the picker shows them. Any other emoji is shown too.
 */

export const EMOJIS = Object.freeze([
  ["👍", "👎", "❤️", "🎉", "😂", "😮"],
  ["😢", "🙏", "👀", "✅", "❌", "🔥"],
  ["🚀", "💯", "👏", "🙌", "💪", "🤔"],
  ["😊", "😍", "😎", "😅", "😴", "🤯"],
  ["☕", "🍰", "🌱", "⭐", "💡", "❓"],
]);
