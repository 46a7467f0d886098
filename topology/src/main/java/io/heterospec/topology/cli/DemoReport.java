package io.heterospec.topology.cli;

import io.heterospec.schemas.Completion;
import io.heterospec.schemas.GenerationDelta;
import io.heterospec.schemas.StepTelemetry;
import io.heterospec.topology.client.EventReader;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What the output topics said of some requests, and whether it is consistent: one completion each,
 * no gap or repeat in the deltas, a telemetry record for every target call and every token.
 */
final class DemoReport implements EventReader.Handler {
  private static final int BINS = 8;

  /** One request's records. */
  static final class Request {
    final List<Completion> completions = new ArrayList<>();
    final StringBuilder text = new StringBuilder();
    int tokens;
    int cycles;
    int emitted;
    String fault;

    Completion completion() {
      return completions.get(0);
    }

    boolean complete() {
      return !completions.isEmpty()
          && (completion().getSpeculation() == null
              || cycles >= completion().getSpeculation().getTargetCalls());
    }
  }

  private final Map<String, Request> requests = new LinkedHashMap<>();
  private final long[] binCycles = new long[BINS];
  private long otherCycles;

  DemoReport(List<String> requestIds) {
    requestIds.forEach(id -> requests.put(id, new Request()));
  }

  @Override
  public void onDelta(GenerationDelta delta) {
    Request request = requests.get(delta.getRequestId());
    if (request == null) {
      return;
    }
    if (delta.getTokenOffset() != request.tokens) {
      request.fault =
          "a delta starts at token %d instead of %d"
              .formatted(delta.getTokenOffset(), request.tokens);
    }
    request.tokens += delta.getTokenIds().size();
    request.text.append(delta.getText());
  }

  @Override
  public void onTelemetry(StepTelemetry step) {
    Request request = requests.get(step.getRequestId());
    if (request == null) {
      return;
    }
    request.cycles++;
    request.emitted += step.getEmitted();
    if (step.getBin() >= 0 && step.getBin() < BINS) {
      binCycles[step.getBin()]++;
    } else {
      otherCycles++;
    }
  }

  @Override
  public void onCompletion(Completion completion) {
    Request request = requests.get(completion.getRequestId());
    if (request != null) {
      request.completions.add(completion);
    }
  }

  Map<String, Request> requests() {
    return requests;
  }

  boolean complete() {
    return requests.values().stream().allMatch(Request::complete);
  }

  long completed() {
    return requests.values().stream().filter(r -> !r.completions.isEmpty()).count();
  }

  long failed() {
    return requests.values().stream()
        .filter(r -> !r.completions.isEmpty() && r.completion().getError() != null)
        .count();
  }

  long outputTokens() {
    return requests.values().stream()
        .filter(r -> !r.completions.isEmpty())
        .mapToLong(r -> r.completion().getUsage().getCompletionTokens())
        .sum();
  }

  long targetCalls() {
    return requests.values().stream()
        .filter(r -> !r.completions.isEmpty() && r.completion().getSpeculation() != null)
        .mapToLong(r -> r.completion().getSpeculation().getTargetCalls())
        .sum();
  }

  long cycles() {
    return requests.values().stream().mapToLong(r -> r.cycles).sum();
  }

  double meanAcceptanceLength() {
    return targetCalls() == 0 ? 0 : (double) outputTokens() / targetCalls();
  }

  /** Cycles of each entropy bin. */
  long[] binCycles() {
    return binCycles.clone();
  }

  /** Cycles whose tree was not assessed, such as the last of an answer. */
  long otherCycles() {
    return otherCycles;
  }

  /** One sentence for each thing that does not agree; empty when all does. */
  List<String> faults() {
    List<String> faults = new ArrayList<>();
    requests.forEach(
        (id, request) -> {
          if (request.completions.size() != 1) {
            faults.add(id + " has " + request.completions.size() + " completions instead of one");
          } else {
            check(id, request, faults);
          }
        });
    return faults;
  }

  private static void check(String id, Request request, List<String> faults) {
    Completion completion = request.completion();
    if (request.fault != null) {
      faults.add(id + ": " + request.fault);
    }
    if (completion.getSpeculation() == null) {
      return;
    }
    int tokens = completion.getUsage().getCompletionTokens();
    int calls = completion.getSpeculation().getTargetCalls();
    if (request.cycles != calls) {
      faults.add(
          "%s has %d telemetry cycles for %d target calls".formatted(id, request.cycles, calls));
    }
    if (request.emitted != tokens || request.tokens != tokens) {
      faults.add(
          "%s has %d tokens in telemetry and %d in deltas, but %d in its completion"
              .formatted(id, request.emitted, request.tokens, tokens));
    }
    if (!request.text.toString().equals(completion.getText())) {
      faults.add(id + ": the text of the deltas is not the text of the completion");
    }
  }
}
