package io.heterospec.topology.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.heterospec.processor.engine.CycleReport;
import io.heterospec.processor.engine.GenerationStep;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.io.Writer;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Cycles as JSON lines with the field names of {@code StepTelemetry}, trees included. They are
 * written on the engine's thread, which what goes wrong here must not end: {@link #close} tells.
 */
final class TraceWriter implements AutoCloseable {
  private final Path file;
  private final Writer out; // guarded by this
  private IOException failure; // guarded by this; null while all was written

  TraceWriter(Path file) {
    this.file = file;
    try {
      out = Files.newBufferedWriter(file);
    } catch (IOException e) {
      throw new UsageException("trace file " + file + " cannot be written: " + e.getMessage(), e);
    }
  }

  /**
   * @param promptTokens of the generation
   * @param category of its prompt, null for none
   */
  void write(GenerationStep step, int promptTokens, String category) {
    CycleReport cycle = step.cycle();
    ObjectNode line =
        Json.object()
            .put("request_id", step.requestId())
            .putNull("session_id") // only requests through Kafka belong to one
            .put("mode", cycle.policy())
            .put("category", category)
            .put("prompt_tokens", promptTokens)
            .put("cycle", cycle.cycle())
            .put("token_offset", step.tokenOffset())
            .put("emitted", cycle.emitted())
            .put("sequences", cycle.sequences());
    ArrayNode ids = line.putArray("token_ids");
    for (int id : step.tokenIds()) {
      ids.add(id);
    }
    ArrayNode chars = line.putArray("token_chars");
    for (int count : step.tokenChars()) {
      chars.add(count);
    }
    if (Double.isNaN(cycle.entropy())) {
      line.putNull("entropy");
    } else {
      line.put("entropy", cycle.entropy());
    }
    ArrayNode entropies = line.putArray("depth_entropies");
    for (double entropy : cycle.depthEntropies()) {
      entropies.add(entropy);
    }
    line.put("bin", cycle.bin())
        .put("depth", cycle.depth())
        .put("candidates", cycle.candidates())
        .put("verified", cycle.verified())
        .put("accepted", cycle.accepted())
        .put("terminal_rank", cycle.terminalRank())
        .put("budget", cycle.budget() < 0 ? null : cycle.budget())
        .put("draft_ms", cycle.draftNanos() / 1e6)
        .put("verify_ms", cycle.verifyNanos() / 1e6)
        .put("total_ms", cycle.totalNanos() / 1e6);
    ArrayNode tree = line.putArray("tree");
    for (CycleReport.Node node : cycle.tree()) {
      tree.addObject()
          .put("token", node.token())
          .put("parent", node.parent())
          .put("confidence", node.confidence())
          .put("verified", node.verified())
          .put("accepted", node.accepted());
    }
    line.put("created_at", System.currentTimeMillis());
    print(line);
  }

  private synchronized void print(ObjectNode line) {
    if (failure != null) {
      return; // a trace that is cut off ends where it is
    }
    try {
      out.write(Json.MAPPER.writeValueAsString(line) + System.lineSeparator());
      out.flush();
    } catch (IOException e) {
      failure = e;
    }
  }

  /**
   * @throws UncheckedIOException when a cycle was not written
   */
  @Override
  public synchronized void close() {
    try {
      out.close();
    } catch (IOException e) {
      failure = failure == null ? e : failure;
    }
    if (failure != null) {
      throw new UncheckedIOException(
          "trace file %s is cut off: %s".formatted(file, failure.getMessage()), failure);
    }
  }
}
