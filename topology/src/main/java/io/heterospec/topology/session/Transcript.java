package io.heterospec.topology.session;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/**
 * A conversation as token ids: its opening (the beginning of text and system messages), then turns
 * of a prompt and its answer.
 *
 * @param tokens all token ids
 * @param opening tokens before the first turn; -1 where they cannot be told from it
 * @param turns index of each turn's first token, oldest first
 */
public record Transcript(int[] tokens, int opening, List<Integer> turns) {
  private static final int UNKNOWN = -1;

  /** Of a session without turns. */
  public static final Transcript EMPTY = new Transcript(new int[0], 0, List.of());

  /** One whose turns cannot be told apart, and which therefore can only be kept or left whole. */
  public static Transcript whole(int[] tokens) {
    return new Transcript(tokens, UNKNOWN, List.of());
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
    return new Transcript(kept, opening, starts);
  }

  /**
   * How many of the oldest turns must go so that at most {@code limit} tokens stay; all of them
   * where that is not enough.
   */
  public int turnsBeyond(int limit) {
    int forgotten = 0;
    while (forgotten < turns.size()
        && opening + tokens.length - turns.get(forgotten) > limit) {
      forgotten++;
    }
    return forgotten;
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
      return whole(longer);
    }
    List<Integer> starts = new ArrayList<>(turns);
    starts.add(start);
    return new Transcript(longer, opening, starts);
  }
}
