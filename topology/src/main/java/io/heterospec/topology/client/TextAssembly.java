package io.heterospec.topology.client;

import io.heterospec.schemas.Completion;
import io.heterospec.schemas.FinishReason;
import io.heterospec.schemas.GenerationDelta;
import java.util.HashMap;
import java.util.Map;

/**
 * One seamless text from deltas that are read before they are committed. After a crash of their
 * writer some come again, perhaps cut differently; after an outage of the reader some may be
 * missing. The token offset at which a delta starts tells where its text belongs: what was given
 * out already is dropped, and after a gap nothing more is given out until the completion, whose
 * text is the whole.
 *
 * <p>Not thread-safe.
 */
public final class TextAssembly {
  // Characters of text before the token at each offset where a delta may start.
  private final Map<Integer, Integer> charsAt = new HashMap<>(Map.of(0, 0));
  private final StringBuilder given = new StringBuilder();
  private boolean gap;

  /** The text that this delta adds to what was given out; possibly empty. */
  public String add(GenerationDelta delta) {
    Integer start = charsAt.get(delta.getTokenOffset());
    if (start == null) {
      gap = true;
      return "";
    }
    int end = start + delta.getText().length();
    if (!delta.getTokenIds().isEmpty()) {
      charsAt.put(delta.getTokenOffset() + delta.getTokenIds().size(), end);
    }
    if (end <= given.length()) {
      return "";
    }
    String fresh = delta.getText().substring(given.length() - start);
    given.append(fresh);
    return fresh;
  }

  /**
   * What is still missing of the text that a request ended with: nothing where it failed, or was
   * cancelled by somebody who did not have the text. What was given out stays all there is.
   *
   * @throws TextChangedException when the text given out is not how the whole one begins
   */
  public String rest(Completion end) {
    boolean textless = end.getFinishReason() == FinishReason.CANCELLED && end.getText().isEmpty();
    return end.getError() != null || textless ? "" : rest(end.getText());
  }

  /**
   * What is still missing of the whole text.
   *
   * @throws TextChangedException when the text given out is not how the whole one begins
   */
  String rest(String whole) {
    if (!whole.startsWith(given.toString())) {
      throw new TextChangedException();
    }
    return whole.substring(given.length());
  }

  /** Whether a delta was missing so far. */
  public boolean hasGap() {
    return gap;
  }

  /**
   * Text was given out uncommitted and then decoded otherwise: possible when a processor dies and
   * another one, with other arithmetic, takes over.
   */
  public static final class TextChangedException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    TextChangedException() {
      super("the text was decoded anew and differs from what was streamed; ask again");
    }
  }
}
