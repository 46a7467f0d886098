package io.heterospec.topology.session;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.IntStream;

/**
 * A conversation as token ids: its opening (the beginning of text and system messages), then turns
 * of a prompt and its answer.
 *
 * @param tokens all token ids
 * @param opening tokens before the first turn; -1 where they cannot be told from it
 * @param turns index of each turn's first token, oldest first
 * @param history chained SHA-256 of the messages it was made from, answers included; empty for none
 */
public record Transcript(int[] tokens, int opening, List<Integer> turns, String history) {
  /** Role of answers. */
  public static final String ANSWER_ROLE = "assistant";

  private static final int UNKNOWN = -1;

  /** Of a session without turns. */
  public static final Transcript EMPTY = new Transcript(new int[0], 0, List.of(), "");

  /** One whose turns cannot be told apart, and which therefore can only be kept or left whole. */
  public static Transcript whole(int[] tokens, String history) {
    return new Transcript(tokens, UNKNOWN, List.of(), history);
  }

  /** The history after a message more. */
  public static String history(String before, String role, String content) {
    try {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      for (String part : List.of(before, role, content)) {
        byte[] bytes = part.getBytes(StandardCharsets.UTF_8);
        digest.update(ByteBuffer.allocate(Integer.BYTES).putInt(bytes.length).array());
        digest.update(bytes);
      }
      return HexFormat.of().formatHex(digest.digest());
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }

  public boolean isEmpty() {
    return tokens.length == 0;
  }

  /** The most recent turns alone, after the opening; {@code forgotten} is how many are left out. */
  public Transcript withoutOldest(int forgotten) {
    int cut = forgotten == turns.size() ? tokens.length : turns.get(forgotten);
    int[] kept =
        IntStream.concat(
                IntStream.range(0, opening).map(i -> tokens[i]),
                IntStream.range(cut, tokens.length).map(i -> tokens[i]))
            .toArray();
    List<Integer> starts = new ArrayList<>();
    for (int start : turns.subList(forgotten, turns.size())) {
      starts.add(start - cut + opening);
    }
    return new Transcript(kept, opening, starts, history);
  }

  /**
   * How many of the oldest turns must go so that at most {@code limit} tokens stay; all of them
   * where that is not enough.
   */
  public int turnsBeyond(int limit) {
    int forgotten = 0;
    while (forgotten < turns.size() && opening + tokens.length - turns.get(forgotten) > limit) {
      forgotten++;
    }
    return forgotten;
  }

  /** The same tokens with another history. */
  public Transcript withHistory(String messages) {
    return new Transcript(tokens, opening, turns, messages);
  }

  /** Whether oldest turns can be left out. */
  public boolean isDivisible() {
    return opening != UNKNOWN;
  }

  /**
   * The transcript with a turn more.
   *
   * @param longer these tokens and those of the turn
   * @param start index of the turn's first token; it may be the last of these tokens, where the
   *     answer before ended with what the turn begins with
   */
  public Transcript followedBy(int[] longer, int start) {
    if (opening == UNKNOWN) {
      return whole(longer, history);
    }
    List<Integer> starts = new ArrayList<>(turns);
    starts.add(start);
    return new Transcript(longer, opening, starts, history);
  }
}
