package io.heterospec.topology.serve;

import io.javalin.Javalin;

/** A part of what is served by HTTP. */
public interface Endpoints {

  /** Adds its paths to a server that has not started. */
  void addTo(Javalin http);
}
