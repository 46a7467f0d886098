package io.heterospec.processor.tree;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonMappingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.ObjectReader;
import com.fasterxml.jackson.databind.ObjectWriter;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.heterospec.processor.tree.EntropyBins.BinStats;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;

/** Entropy bins as a JSON file beside the draft head. */
public final class EntropyBinsFile {
  /** Name of the file in the head's directory. */
  public static final String NAME = "entropy-bins.json";

  private static final int VERSION = 1;

  private static final ObjectMapper JSON =
      JsonMapper.builder()
          .enable(DeserializationFeature.FAIL_ON_MISSING_CREATOR_PROPERTIES)
          .enable(DeserializationFeature.FAIL_ON_NULL_FOR_PRIMITIVES)
          .disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
          .build();
  private static final ObjectReader READER = JSON.readerFor(Document.class);
  private static final ObjectWriter WRITER = JSON.writerWithDefaultPrettyPrinter();

  private EntropyBinsFile() {}

  private record Document(
      int version,
      String createdFor,
      int topK,
      int depth,
      int nodes,
      double[] thresholds,
      long cycles,
      long fullyAccepted,
      List<Bin> bins) {}

  /** JSON has no infinity: the highest bin's {@code upper} is null. */
  private record Bin(
      double lower, Double upper, long count, double meanRank, double rankVariance) {}

  /**
   * Reads and checks a file.
   *
   * @throws IOException when it cannot be read
   * @throws IllegalArgumentException when its content is damaged, of another version, or
   *     contradictory; the message names the file and the remedy
   */
  public static EntropyBins read(Path file) throws IOException {
    byte[] content = Files.readAllBytes(file);
    try {
      return toBins(parse(content));
    } catch (JsonMappingException e) {
      throw invalid(file, "a field is missing or has the wrong type" + where(e), e);
    } catch (JsonProcessingException e) {
      throw invalid(file, "it is no JSON", e);
    } catch (IllegalArgumentException e) {
      throw invalid(file, e.getMessage(), e);
    }
  }

  /** Writes a file in one step: a reader finds the old content or the new, never a part. */
  public static void write(Path file, EntropyBins bins) throws IOException {
    CalibrationJson.write(file, WRITER.writeValueAsBytes(toDocument(bins)));
  }

  // The version is looked at first: another version may have other fields.
  private static Document parse(byte[] content) throws IOException {
    JsonNode json = JSON.readTree(content);
    if (!json.path("version").isInt()) {
      throw new IllegalArgumentException("it states no version");
    }
    if (json.path("version").intValue() != VERSION) {
      throw new IllegalArgumentException(
          "its version is " + json.path("version") + ", this program reads " + VERSION);
    }
    return READER.readValue(json);
  }

  private static EntropyBins toBins(Document document) {
    if (document.createdFor() == null || document.thresholds() == null || document.bins() == null) {
      throw new IllegalArgumentException("createdFor, thresholds or bins is null");
    }
    if (document.topK() == 0) {
      throw new IllegalArgumentException("topK is 0");
    }
    List<BinStats> stats = document.bins().stream().map(EntropyBinsFile::toStats).toList();
    return new EntropyBins(
        new TreeShape(document.topK(), document.depth(), document.nodes()),
        document.createdFor(),
        document.thresholds(),
        stats,
        document.cycles(),
        document.fullyAccepted());
  }

  private static BinStats toStats(Bin bin) {
    if (bin == null) {
      throw new IllegalArgumentException("a bin is null");
    }
    double upper = bin.upper() == null ? Double.POSITIVE_INFINITY : bin.upper();
    return new BinStats(bin.lower(), upper, bin.count(), bin.meanRank(), bin.rankVariance());
  }

  private static Document toDocument(EntropyBins bins) {
    List<Bin> stats = bins.stats().stream().map(EntropyBinsFile::toBin).toList();
    TreeShape shape = bins.shape();
    return new Document(
        VERSION,
        bins.createdFor(),
        shape.topK(),
        shape.depth(),
        shape.nodes(),
        bins.thresholds(),
        bins.cycles(),
        bins.fullyAccepted(),
        stats);
  }

  private static Bin toBin(BinStats bin) {
    Double upper = bin.upper() == Double.POSITIVE_INFINITY ? null : (Double) bin.upper();
    return new Bin(bin.lower(), upper, bin.count(), bin.meanRank(), bin.rankVariance());
  }

  private static String where(JsonMappingException e) {
    String path =
        e.getPath().stream()
            .map(step -> step.getFieldName() == null ? "" + step.getIndex() : step.getFieldName())
            .collect(Collectors.joining("."));
    return path.isEmpty() ? "" : " (" + path + ")";
  }

  private static IllegalArgumentException invalid(Path file, String reason, Exception cause) {
    return new IllegalArgumentException(
        "entropy bins " + file + " cannot be used: " + reason + "; run calibrate again", cause);
  }
}
