// room
import GRDB
