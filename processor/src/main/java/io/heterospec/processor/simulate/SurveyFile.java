package io.heterospec.processor.simulate;

import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectReader;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.heterospec.processor.tree.SurveyPolicy;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Trace files of the survey policy: JSON lines, one for each cycle. */
public final class SurveyFile {
  private static final ObjectReader LINE = JsonMapper.builder().build().readerFor(Cycle.class);

  @JsonIgnoreProperties(ignoreUnknown = true)
  private record Cycle(
      @JsonProperty(value = "request_id", required = true) String requestId,
      @JsonProperty(value = "mode", required = true) String mode,
      @JsonProperty("category") String category,
      @JsonProperty(value = "prompt_tokens", required = true) int promptTokens,
      @JsonProperty(value = "token_offset", required = true) int tokenOffset,
      @JsonProperty(value = "token_ids", required = true) int[] tokenIds,
      @JsonProperty(value = "tree", required = true) Node[] tree) {

    SurveyedTree surveyed() {
      int[] tokens = new int[tree.length];
      int[] parents = new int[tree.length];
      double[] confidences = new double[tree.length];
      for (int i = 0; i < tree.length; i++) {
        tokens[i] = tree[i].token();
        parents[i] = tree[i].parent();
        confidences[i] = tree[i].confidence();
      }
      return new SurveyedTree(tokens, parents, confidences);
    }
  }

  @JsonIgnoreProperties(ignoreUnknown = true)
  private record Node(
      @JsonProperty(value = "token", required = true) int token,
      @JsonProperty(value = "parent", required = true) int parent,
      @JsonProperty(value = "confidence", required = true) double confidence) {}

  /** A text whose cycles are being read. */
  private static final class Growing {
    private final List<Integer> tokens = new ArrayList<>();
    private final List<SurveyedTree> trees = new ArrayList<>();
    private String category;
    private int promptTokens;

    SurveyedText text() {
      int[] ids = tokens.stream().mapToInt(Integer::intValue).toArray();
      return SurveyedText.of(category, promptTokens, ids, trees);
    }
  }

  private SurveyFile() {}

  /**
   * Reads the texts of a trace, in the order in which they began. Generations may be interleaved.
   *
   * @throws IOException when the file cannot be read
   * @throws IllegalArgumentException when it is no trace of the survey policy, naming file and line
   */
  public static List<SurveyedText> read(Path file) throws IOException {
    List<Growing> begun = new ArrayList<>();
    Map<String, Growing> latest = new HashMap<>();
    try (BufferedReader lines = Files.newBufferedReader(file)) {
      int number = 0;
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        number++;
        try {
          add(LINE.readValue(line), begun, latest);
        } catch (JsonProcessingException e) {
          throw new IllegalArgumentException(
              "%s line %d is no cycle of a trace: %s"
                  .formatted(file, number, e.getOriginalMessage()),
              e);
        } catch (IllegalArgumentException e) {
          throw new IllegalArgumentException(
              "%s line %d: %s".formatted(file, number, e.getMessage()), e);
        }
      }
    }
    if (begun.isEmpty()) {
      throw new IllegalArgumentException(file + " holds no cycles");
    }
    return begun.stream().map(Growing::text).toList();
  }

  private static void add(Cycle cycle, List<Growing> begun, Map<String, Growing> latest) {
    if (!cycle.mode().equals(SurveyPolicy.NAME)) {
      throw new IllegalArgumentException(
          "the trace is of mode '%s' and lacks what other modes would draft; record with mode '%s'"
              .formatted(cycle.mode(), SurveyPolicy.NAME));
    }
    if (cycle.tokenOffset() == 0) {
      Growing next = new Growing();
      next.category = cycle.category() == null ? "-" : cycle.category();
      next.promptTokens = cycle.promptTokens();
      begun.add(next);
      latest.put(cycle.requestId(), next);
    }
    Growing text = latest.get(cycle.requestId());
    if (text == null || text.tokens.size() != cycle.tokenOffset() || cycle.tokenIds().length != 1) {
      throw new IllegalArgumentException("cycles of " + cycle.requestId() + " are missing");
    }
    text.tokens.add(cycle.tokenIds()[0]);
    text.trees.add(cycle.surveyed());
  }
}
