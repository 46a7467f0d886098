package io.heterospec.topology.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.heterospec.processor.tree.Eagle3Policy;
import io.heterospec.processor.tree.VanillaPolicy;
import java.util.OptionalDouble;

/** A benchmark's speed-ups as JSON. */
final class BenchSummary {
  private static final String OVER_VANILLA = "over_vanilla";
  private static final String OVER_EAGLE3 = "over_eagle3";

  private BenchSummary() {}

  static ObjectNode toJson(BenchTable table) {
    ObjectNode object =
        Json.object()
            .put("concurrency", table.lowestConcurrency())
            .put("categories", table.categories().size());
    ArrayNode speedUps = object.putArray("mean_speedup");
    for (String mode : table.modes()) {
      speedUps.add(categories(table, mode));
    }
    ArrayNode all = object.putArray("all");
    for (int concurrency : table.concurrencies()) {
      for (String mode : table.modes()) {
        table
            .row(mode, concurrency, Bench.ALL)
            .ifPresent(row -> all.add(over(table, mode, row, Bench.ALL)));
      }
    }
    return object;
  }

  private static ObjectNode categories(BenchTable table, String mode) {
    int concurrency = table.lowestConcurrency();
    ObjectNode object = Json.object().put("mode", mode);
    put(object, OVER_VANILLA, table.meanSpeedUp(mode, VanillaPolicy.NAME, concurrency));
    put(object, OVER_EAGLE3, table.meanSpeedUp(mode, Eagle3Policy.NAME, concurrency));
    ArrayNode each = object.putArray("categories");
    for (String category : table.categories()) {
      table
          .row(mode, concurrency, category)
          .ifPresent(row -> each.add(over(table, mode, row, category)));
    }
    return object;
  }

  private static ObjectNode over(BenchTable table, String mode, BenchRow row, String category) {
    ObjectNode object =
        Json.object()
            .put("mode", mode)
            .put("concurrency", row.concurrency())
            .put("category", category)
            .put("tokens_per_second", Json.rounded(row.tokensPerSecond()));
    put(object, OVER_VANILLA, table.speedUp(mode, VanillaPolicy.NAME, row.concurrency(), category));
    put(object, OVER_EAGLE3, table.speedUp(mode, Eagle3Policy.NAME, row.concurrency(), category));
    return object;
  }

  private static void put(ObjectNode object, String field, OptionalDouble value) {
    if (value.isPresent()) {
      object.put(field, Json.rounded(value.getAsDouble()));
    } else {
      object.putNull(field);
    }
  }
}
