package io.heterospec.processor.text;

import java.util.Arrays;

/**
 * Text of a generation as its tokens arrive. A character whose bytes are spread over several tokens
 * appears when it is complete, so nothing emitted is ever taken back, and all parts together equal
 * the text of all tokens. A token costs the decoding of a small window, however long the text is.
 * Not safe for use by several threads.
 *
 * <p>The window starts one step before the tokens whose text is still open: decoders may treat the
 * first token of a text differently (a leading space), which cancels out when the same tokens come
 * first in both decodings.
 */
public final class IncrementalDetokenizer {
  private static final char REPLACEMENT = '\uFFFD';

  /** More trailing replacement characters than this cannot all be one unfinished character. */
  private static final int MAX_HELD = 4;

  /** Tokens after which a window that never becomes whole is cut. */
  private static final int MAX_WINDOW = 64;

  /** Tokens kept by such a cut; a held character has at most three bytes so far. */
  private static final int KEPT_WINDOW = 16;

  private final TokenDecoder decoder;
  private int[] window = new int[MAX_WINDOW];
  private int size;
  // Tokens of the window whose text was complete; they stay as context.
  private int complete;
  // Characters of the window's text that were emitted.
  private int shown;

  public IncrementalDetokenizer(TokenDecoder decoder) {
    this.decoder = decoder;
  }

  /**
   * Adds a token.
   *
   * @return the text that became certain, often a word, possibly empty
   */
  public String append(int token) {
    if (decoder.isSkipped(token)) {
      return "";
    }
    window[size++] = token;
    String text = text(0, size);
    int held = heldBack(text);
    String fresh = since(text, text.length() - held);
    if (held == 0) {
      advance(complete);
    } else if (size == MAX_WINDOW) {
      keepLast(held);
    }
    return fresh;
  }

  /** The end of the generation: whatever was held back, unfinished characters as U+FFFD. */
  public String flush() {
    String text = text(0, size);
    return since(text, text.length());
  }

  private String since(String text, int end) {
    // Not above end: a decoder may shorten the text of a run of bytes once they form a character.
    String fresh = text.substring(Math.min(shown, end), end);
    shown = Math.max(shown, end);
    return fresh;
  }

  // All text of the window is out: what was new becomes the context of what follows.
  private void advance(int context) {
    window = Arrays.copyOf(Arrays.copyOfRange(window, context, size), MAX_WINDOW);
    size -= context;
    complete = size;
    shown = text(0, size).length();
  }

  private void keepLast(int held) {
    window = Arrays.copyOf(Arrays.copyOfRange(window, size - KEPT_WINDOW, size), MAX_WINDOW);
    size = KEPT_WINDOW;
    complete = 0;
    shown = Math.max(0, text(0, size).length() - held);
  }

  private String text(int from, int to) {
    return to == from ? "" : decoder.decode(Arrays.copyOfRange(window, from, to));
  }

  private static int heldBack(String text) {
    int held = 0;
    while (held < Math.min(MAX_HELD, text.length())
        && text.charAt(text.length() - 1 - held) == REPLACEMENT) {
      held++;
    }
    return held;
  }
}
