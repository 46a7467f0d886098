package io.heterospec.topology.gateway;

import io.heterospec.schemas.Completion;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/** Notes what it is told: texts, completions, and why a generation was lost. */
class ToldObserver implements GenerationObserver {
  final List<Object> told = new CopyOnWriteArrayList<>();

  @Override
  public void onText(String text) {
    told.add(text);
  }

  @Override
  public void onEnd(Completion completion) {
    told.add(completion);
  }

  @Override
  public void onLost(GatewayException reason) {
    told.add(reason.reason());
  }
}
