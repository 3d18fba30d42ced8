import ExitPlane
