package io.heterospec.processor.text;

import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import java.util.Arrays;

/**
 * Encodes a text whose parts must be given one by one. SentencePiece tokenizers put a space before
 * a text; before what continues an earlier part they must not.
 */
final class SectionEncoder {
  // Becomes a token of its own, which nothing after it is merged with.
  private static final String APART = "\n";
  private static final String PROBE = "a";

  private final HuggingFaceTokenizer tokenizer;
  private final long[] apart; // null where a part is encoded like the continuation of another
  private final boolean prefixesSections;

  /**
   * @param special text of a special token, or null for none
   */
  SectionEncoder(HuggingFaceTokenizer tokenizer, String special) {
    this.tokenizer = tokenizer;
    long[] lone = plain(APART);
    long[] joined = plain(APART + PROBE);
    boolean separable =
        joined.length > lone.length && Arrays.equals(lone, Arrays.copyOf(joined, lone.length));
    boolean prefixes =
        separable
            && !Arrays.equals(Arrays.copyOfRange(joined, lone.length, joined.length), plain(PROBE));
    this.apart = prefixes ? lone : null;
    this.prefixesSections = special != null && endsWith(plain(special + PROBE), plain(PROBE));
  }

  private static boolean endsWith(long[] ids, long[] end) {
    return ids.length >= end.length
        && Arrays.equals(Arrays.copyOfRange(ids, ids.length - end.length, ids.length), end);
  }

  /**
   * @param first whether nothing comes before
   * @param afterSpecial whether a special token comes right before
   */
  long[] encode(String text, boolean first, boolean afterSpecial) {
    if (first || apart == null || (afterSpecial && prefixesSections)) {
      return plain(text);
    }
    long[] joined = plain(APART + text);
    return joined.length >= apart.length
            && Arrays.equals(apart, Arrays.copyOf(joined, apart.length))
        ? Arrays.copyOfRange(joined, apart.length, joined.length)
        : plain(text);
  }

  private long[] plain(String text) {
    return tokenizer.encode(text, false, false).getIds();
  }
}
