package io.heterospec.topology.serve.openai;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.heterospec.topology.serve.ApiError;
import io.heterospec.topology.serve.Endpoints;
import io.javalin.Javalin;
import io.javalin.http.Context;
import java.util.List;

/** {@code GET /v1/models} and {@code /v1/models/MODEL}. */
public final class ModelEndpoints implements Endpoints {
  private final List<String> models;

  public ModelEndpoints(List<String> models) {
    this.models = models;
  }

  @Override
  public void addTo(Javalin http) {
    http.get("/v1/models", this::list);
    http.get("/v1/models/<model>", this::get); // names may hold slashes
  }

  private void list(Context ctx) {
    ObjectNode body = JsonNodeFactory.instance.objectNode().put("object", "list");
    ArrayNode data = body.putArray("data");
    models.forEach(model -> data.add(describe(model)));
    ctx.contentType("application/json").result(body.toString());
  }

  private void get(Context ctx) {
    String model = ctx.pathParam("model");
    if (!models.contains(model)) {
      throw ApiError.unknownModel(
          "model '%s' is not served here; use one of %s".formatted(model, models));
    }
    ctx.contentType("application/json").result(describe(model).toString());
  }

  private static ObjectNode describe(String model) {
    return JsonNodeFactory.instance
        .objectNode()
        .put("id", model)
        .put("object", "model")
        .put("created", 0)
        .put("owned_by", "heterospec");
  }
}
