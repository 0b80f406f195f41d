scalaVersion := "3.3.6"
