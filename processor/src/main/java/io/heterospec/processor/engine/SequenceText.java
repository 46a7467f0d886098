package io.heterospec.processor.engine;

import io.heterospec.processor.text.IncrementalDetokenizer;
import io.heterospec.processor.text.StopSequenceMatcher;
import io.heterospec.processor.text.TextModel;
import java.util.Arrays;

/**
 * The output side of a generation: its tokens, its text, and the rules that end it. What it emits
 * is a function of the tokens alone, so replaying tokens after a crash gives the same pieces of
 * text.
 */
final class SequenceText {
  private final SamplingParams sampling;
  private final int limit;
  private final int[] eos;
  private final IncrementalDetokenizer detokenizer;
  private final StopSequenceMatcher stops;
  private final StringBuilder text = new StringBuilder();
  private int count;
  private FinishReason finish;

  /**
   * @param limit most tokens of this generation: its own limit or what the context leaves
   */
  SequenceText(TextModel model, SamplingParams sampling, int limit) {
    this.sampling = sampling;
    this.limit = limit;
    this.eos = model.eosTokenIds();
    this.detokenizer = model.detokenizer();
    this.stops = new StopSequenceMatcher(sampling.stop());
  }

  /**
   * Adds one token.
   *
   * @return the text that became certain, possibly empty
   */
  String append(int token) {
    count++;
    if (!sampling.ignoreEos() && Arrays.stream(eos).anyMatch(id -> id == token)) {
      finish = FinishReason.STOP;
      return "";
    }
    String certain = stops.accept(detokenizer.append(token));
    text.append(certain);
    if (stops.stopped()) {
      finish = FinishReason.STOP;
    } else if (count >= limit) {
      finish = FinishReason.LENGTH;
    }
    return certain;
  }

  /** Text held back for an unfinished character or a possible stop sequence; ends the text. */
  String flush() {
    String tail = "";
    if (!stops.stopped()) {
      tail = stops.accept(detokenizer.flush());
      tail += stops.flush();
    }
    text.append(tail);
    return tail;
  }

  /** Tokens that may still be added. */
  int remaining() {
    return limit - count;
  }

  /** Why the generation is over; null while it is not. */
  FinishReason finish() {
    return finish;
  }

  /** The whole text so far. */
  String text() {
    return text.toString();
  }
}
