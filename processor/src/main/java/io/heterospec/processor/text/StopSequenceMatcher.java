package io.heterospec.processor.text;

import java.util.List;

/**
 * Finds stop sequences in text that arrives in pieces. Text that may turn out to be the beginning
 * of a stop sequence is held back until that is decided; the sequence that begins first wins, and
 * of those that begin at the same place the one that was complete first. Not safe for use by
 * several threads.
 */
public final class StopSequenceMatcher {
  private final List<String> stops;
  private final StringBuilder held = new StringBuilder();
  private boolean stopped;

  /**
   * @param stops texts that end the generation, none of them empty
   */
  public StopSequenceMatcher(List<String> stops) {
    if (stops.stream().anyMatch(String::isEmpty)) {
      throw new IllegalArgumentException("stop must not contain an empty sequence");
    }
    this.stops = List.copyOf(stops);
  }

  /**
   * Adds text.
   *
   * @return the text that is certainly before any stop sequence; empty once stopped
   */
  public String accept(String text) {
    if (stopped) {
      return "";
    }
    held.append(text);
    int stop = earliestStop();
    // An earlier position may still become a (longer) stop sequence: wait for it.
    int safe = firstPossibleStop();
    if (stop >= 0 && stop <= safe) {
      stopped = true;
      safe = stop;
    }
    String out = held.substring(0, safe);
    held.delete(0, stopped ? held.length() : safe);
    return out;
  }

  /** Whether a stop sequence was found. */
  public boolean stopped() {
    return stopped;
  }

  /** The end of the text: what was held back for a stop sequence that did not come. */
  public String flush() {
    int stop = stopped ? 0 : earliestStop();
    stopped = stopped || stop >= 0;
    String rest = stop >= 0 ? held.substring(0, stop) : held.toString();
    held.setLength(0);
    return rest;
  }

  private int earliestStop() {
    int earliest = -1;
    for (String stop : stops) {
      int at = held.indexOf(stop);
      if (at >= 0 && (earliest < 0 || at < earliest)) {
        earliest = at;
      }
    }
    return earliest;
  }

  // Start of the longest suffix that is a proper prefix of a stop sequence.
  private int firstPossibleStop() {
    String text = held.toString();
    int first = text.length();
    for (String stop : stops) {
      for (int at = Math.max(0, text.length() - stop.length() + 1); at < first; at++) {
        if (stop.startsWith(text.substring(at))) {
          first = at;
        }
      }
    }
    return first;
  }
}
